/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Structured log: one domain per folder (define G_LOG_DOMAIN before the includes), journal fields
 * PEER, ROOM and CHANNEL from the context, CODE_FILE, CODE_LINE and CODE_FUNC from the call.
 * Never a payload, a token or an ICE password. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char *peer;    /* member id, or NULL */
  const char *room;    /* room name, or NULL */
  const char *channel; /* channel label, or NULL */
} WherryLogContext;

/* Own copies of from's strings; from may be NULL. Thread: any */
void wherry_log_context_copy (WherryLogContext *self, const WherryLogContext *from);
/* Frees what copy() made. Thread: any */
void wherry_log_context_clear (WherryLogContext *self);

void wherry_log_full (GLogLevelFlags level, const char *domain, const WherryLogContext *context,
                      const char *file, const char *line, const char *func, const char *format, ...)
    G_GNUC_PRINTF (7, 8);

#define WHERRY_LOG(level, context, ...)                                                            \
  wherry_log_full ((level), G_LOG_DOMAIN, (context), __FILE__, G_STRINGIFY (__LINE__), G_STRFUNC,  \
                   __VA_ARGS__)

/* context may be NULL in all of these */
#define wherry_debug(context, ...) WHERRY_LOG (G_LOG_LEVEL_DEBUG, context, __VA_ARGS__)
#define wherry_info(context, ...) WHERRY_LOG (G_LOG_LEVEL_INFO, context, __VA_ARGS__)
#define wherry_message(context, ...) WHERRY_LOG (G_LOG_LEVEL_MESSAGE, context, __VA_ARGS__)
#define wherry_warning(context, ...) WHERRY_LOG (G_LOG_LEVEL_WARNING, context, __VA_ARGS__)

/* "Cannot happen": a defect of ours, never something that a peer can cause. Logs and counts
 * WHERRY_COUNTER_BUGS; the process goes on (tests make it fatal with G_DEBUG=fatal-criticals). */
#define wherry_bug(...)                                                                            \
  wherry_log_bug (G_LOG_DOMAIN, __FILE__, G_STRINGIFY (__LINE__), G_STRFUNC, __VA_ARGS__)
void wherry_log_bug (const char *domain, const char *file, const char *line, const char *func,
                     const char *format, ...) G_GNUC_PRINTF (5, 6);

G_END_DECLS
