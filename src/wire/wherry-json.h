/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* JSON for the rest of the house: typed readers that check, and a writer. No type of the JSON
 * library shows here. Everything here: Thread: any, one at a time */

#include <glib.h>

#include "wire/wherry-json-scan.h"

G_BEGIN_DECLS

/* ---- Reading. A getter fails with WHERRY_ERROR_PROTOCOL and a message that names the member when
 * it has the wrong type or is out of range; one without a fallback also when it is absent. null is
 * the same as absent. What comes out is set on success only. */

typedef struct _WherryJsonObject WherryJsonObject;
typedef struct _WherryJsonArray WherryJsonArray;

/**
 * wherry_json_object_parse:
 * @data: need not be NUL-terminated
 *
 * Scans (see wherry_json_scan()), then parses. Fails as the scan does; also with
 * WHERRY_ERROR_PROTOCOL when it is no object. A number that cannot be kept does no harm unless it
 * is read: an integer outside gint64 is no whole number to us, what overflows a double is the
 * largest.
 *
 * Returns: (transfer full) (nullable)
 */
WherryJsonObject *wherry_json_object_parse (const char *data, gsize length,
                                            const WherryJsonLimits *limits, GError **error);
WherryJsonObject *wherry_json_object_ref (WherryJsonObject *self);
void wherry_json_object_unref (WherryJsonObject *self);

/* Whether it has the member, null or not. */
gboolean wherry_json_object_has (WherryJsonObject *self, const char *name);
/* (transfer full): its members' names, in order */
GStrv wherry_json_object_get_names (WherryJsonObject *self);

/* value: (out) (transfer none): lives as long as the object. At most max bytes. */
gboolean wherry_json_object_get_string (WherryJsonObject *self, const char *name, gsize max,
                                        const char **value, GError **error);
gboolean wherry_json_object_get_string_or (WherryJsonObject *self, const char *name, gsize max,
                                           const char *fallback, const char **value,
                                           GError **error);
/* A whole number (5, 5.0 and 5e0 are) from min to max. */
gboolean wherry_json_object_get_int (WherryJsonObject *self, const char *name, gint64 min,
                                     gint64 max, gint64 *value, GError **error);
gboolean wherry_json_object_get_int_or (WherryJsonObject *self, const char *name, gint64 min,
                                        gint64 max, gint64 fallback, gint64 *value, GError **error);
/* Any finite number. */
gboolean wherry_json_object_get_double (WherryJsonObject *self, const char *name, double *value,
                                        GError **error);
gboolean wherry_json_object_get_bool (WherryJsonObject *self, const char *name, gboolean *value,
                                      GError **error);
gboolean wherry_json_object_get_bool_or (WherryJsonObject *self, const char *name,
                                         gboolean fallback, gboolean *value, GError **error);
/* value: (out) (transfer full); the _or forms give NULL when absent. */
gboolean wherry_json_object_get_object (WherryJsonObject *self, const char *name,
                                        WherryJsonObject **value, GError **error);
gboolean wherry_json_object_get_object_or_null (WherryJsonObject *self, const char *name,
                                                WherryJsonObject **value, GError **error);
gboolean wherry_json_object_get_array (WherryJsonObject *self, const char *name,
                                       WherryJsonArray **value, GError **error);
gboolean wherry_json_object_get_array_or_null (WherryJsonObject *self, const char *name,
                                               WherryJsonArray **value, GError **error);

WherryJsonArray *wherry_json_array_ref (WherryJsonArray *self);
void wherry_json_array_unref (WherryJsonArray *self);
guint wherry_json_array_get_length (WherryJsonArray *self);
/* index: below the length. Elements: messages name them "NAME[INDEX]". */
gboolean wherry_json_array_get_string (WherryJsonArray *self, guint index, gsize max,
                                       const char **value, GError **error);
gboolean wherry_json_array_get_object (WherryJsonArray *self, guint index, WherryJsonObject **value,
                                       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryJsonObject, wherry_json_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryJsonArray, wherry_json_array_unref)

/* ---- Writing: one document on one line, always valid UTF-8 (bytes that are not become U+FFFD).
 * name: of the member when inside an object, NULL inside an array and at the top. Wrong nesting is
 * a defect of ours, not of the data. */

typedef struct _WherryJsonWriter WherryJsonWriter;

WherryJsonWriter *wherry_json_writer_new (void);
void wherry_json_writer_free (WherryJsonWriter *self);
void wherry_json_writer_begin_object (WherryJsonWriter *self, const char *name);
void wherry_json_writer_end_object (WherryJsonWriter *self);
void wherry_json_writer_begin_array (WherryJsonWriter *self, const char *name);
void wherry_json_writer_end_array (WherryJsonWriter *self);
void wherry_json_writer_string (WherryJsonWriter *self, const char *name, const char *value);
void wherry_json_writer_int (WherryJsonWriter *self, const char *name, gint64 value);
void wherry_json_writer_uint (WherryJsonWriter *self, const char *name, guint64 value);
void wherry_json_writer_double (WherryJsonWriter *self, const char *name, double value);
void wherry_json_writer_bool (WherryJsonWriter *self, const char *name, gboolean value);
void wherry_json_writer_null (WherryJsonWriter *self, const char *name);
/* One JSON value that wherry_json_scan() took, as it is. */
void wherry_json_writer_raw (WherryJsonWriter *self, const char *name, const char *json,
                             gsize length);
/* Frees the writer. Returns: (transfer full): the text */
char *wherry_json_writer_finish (WherryJsonWriter *self, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryJsonWriter, wherry_json_writer_free)

G_END_DECLS
