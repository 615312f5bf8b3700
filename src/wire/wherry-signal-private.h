/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parsers of both directions share. */

#include "wire/wherry-json.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

/* A string with its quotes, or a number: what an answer can repeat without costing much. */
#define WHERRY_SIGNAL_TID_MAX 128u

WherrySignal *wherry_signal_new (WherrySignalType type);
/* FALSE for a name that is no type. */
gboolean wherry_signal_type_from_string (const char *name, WherrySignalType *type);

/* A member's value as the bytes that came, or NULL when there is none. (transfer full) */
char *wherry_signal_dup_raw (const char *data, gsize length, const char *name, gsize *span);
/* The string that a member says; NULL when absent, null or no string. (transfer full) */
char *wherry_signal_dup_string (const char *data, gsize length, const char *name);
/* tid: (out): NULL when there is none; FALSE when it is neither a string nor a number, or too long
 */
gboolean wherry_signal_dup_tid (const char *data, gsize length, char **tid, GError **error);

/* Members that both directions have. */
gboolean wherry_signal_read_sdp (WherrySignal *self, WherryJsonObject *object, GError **error);
gboolean wherry_signal_read_candidate (WherrySignal *self, WherryJsonObject *object,
                                       GError **error);
/* data: the whole message. code: too-large when it is that */
gboolean wherry_signal_read_attributes (WherrySignal *self, const char *data, gsize length,
                                        WherrySignalError *code, GError **error);
gboolean wherry_signal_read_will (WherrySignal *self, WherryJsonObject *object,
                                  WherrySignalError *code, GError **error);
gboolean wherry_signal_read_channels (WherrySignal *self, WherryJsonObject *object, GError **error);

gboolean wherry_signal_read_resume (WherrySignal *self, WherryJsonObject *object, GError **error);
gboolean wherry_signal_read_ack (WherrySignal *self, WherryJsonObject *object, GError **error);
gboolean wherry_signal_read_resumed (WherrySignal *self, WherryJsonObject *object, GError **error);
/* token: (nullable): only that it would come back. places: (nullable) */
void wherry_signal_add_resume (WherryJsonWriter *writer, const char *token,
                               const GPtrArray *places);
void wherry_signal_add_resumed (WherryJsonWriter *writer, const char *token, gboolean resumed,
                                const GPtrArray *places);

G_END_DECLS
