/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

/* What members say about themselves: attributes, and what is published when they vanish. */

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-signal-private.h"

/* As in "wherry:notices": the relay's own topics. */
#define RESERVED "wherry:"

gboolean
wherry_signal_attributes_check (const char *json, gsize length, GError **error)
{
  static const WherryJsonLimits limits = {
    .length = WHERRY_ATTRIBUTES_MAX,
    .depth = WHERRY_ATTRIBUTES_DEPTH_MAX,
  };

  if (!wherry_json_scan (json, length, &limits, NULL, error))
    {
      g_prefix_error (error, "attributes: ");
      return FALSE;
    }
  while (length > 0 && g_ascii_isspace (*json))
    {
      json++;
      length--;
    }
  if (*json == '{')
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "attributes is not an object");
  return FALSE;
}

gboolean
wherry_signal_read_attributes (WherrySignal *self, const char *data, gsize length,
                               WherrySignalError *code, GError **error)
{
  gsize span;
  g_autofree char *raw = wherry_signal_dup_raw (data, length, "attributes", &span);
  g_autoptr (GError) inner = NULL;

  if (raw == NULL || strcmp (raw, "null") == 0)
    return TRUE;
  if (wherry_signal_attributes_check (raw, span, &inner))
    {
      self->attributes = g_steal_pointer (&raw);
      return TRUE;
    }
  if (g_error_matches (inner, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE))
    *code = WHERRY_SIGNAL_ERROR_TOO_LARGE;
  g_propagate_error (error, g_steal_pointer (&inner));
  return FALSE;
}

WherrySignalWill *
wherry_signal_will_new (const char *topic, GBytes *data, gboolean is_text)
{
  WherrySignalWill *self = g_new0 (WherrySignalWill, 1);

  self->topic = g_strdup (topic);
  self->is_text = is_text;
  self->data = data != NULL ? g_bytes_ref (data) : NULL;
  return self;
}

void
wherry_signal_will_free (WherrySignalWill *self)
{
  g_free (self->topic);
  g_clear_pointer (&self->data, g_bytes_unref);
  g_free (self);
}

/* RFC 4648 section 4, with its padding and nothing else: the decoder skips what it does not know,
 * and two texts would then be one. (transfer full) (nullable) */
static GBytes *
decode_base64 (const char *text)
{
  gsize length = strlen (text);
  gsize n_digits = length
                   - (g_str_has_suffix (text, "==")  ? 2
                      : g_str_has_suffix (text, "=") ? 1
                                                     : 0);
  guchar *data;
  gsize n;

  if (length % 4 != 0)
    return NULL;
  for (gsize i = 0; i < n_digits; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return NULL;
  if (length == 0)
    return g_bytes_new_static ("", 0);
  data = g_base64_decode (text, &n);
  return g_bytes_new_take (data, n);
}

static gboolean
read_payload (WherrySignalWill *will, WherryJsonObject *object, WherrySignalError *code,
              GError **error)
{
  const char *text, *data;

  if (!wherry_json_object_get_string_or (object, "text", WHERRY_SIGNAL_MESSAGE_MAX, NULL, &text,
                                         error)
      || !wherry_json_object_get_string_or (object, "data", WHERRY_SIGNAL_MESSAGE_MAX, NULL, &data,
                                            error))
    return FALSE;
  if ((text == NULL) == (data == NULL))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "a will has either text or data");
      return FALSE;
    }
  will->is_text = text != NULL;
  will->data = text != NULL ? g_bytes_new (text, strlen (text)) : decode_base64 (data);
  if (will->data == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "data of a will is not base64");
      return FALSE;
    }
  if (g_bytes_get_size (will->data) <= WHERRY_WILL_MAX)
    return TRUE;
  *code = WHERRY_SIGNAL_ERROR_TOO_LARGE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE, "a will has at most %u bytes",
               WHERRY_WILL_MAX);
  return FALSE;
}

gboolean
wherry_signal_read_will (WherrySignal *self, WherryJsonObject *object, WherrySignalError *code,
                         GError **error)
{
  g_autoptr (WherryJsonObject) will = NULL;
  const char *topic;

  if (!wherry_json_object_get_object_or_null (object, "will", &will, error))
    return FALSE;
  if (will == NULL)
    return TRUE;
  if (!wherry_json_object_get_string (will, "topic", WHERRY_LABEL_MAX, &topic, error))
    return FALSE;
  if (g_str_has_prefix (topic, RESERVED))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "topics that begin with " RESERVED " are the relay's own");
      return FALSE;
    }
  self->will = wherry_signal_will_new (topic, NULL, FALSE);
  return read_payload (self->will, will, code, error);
}
