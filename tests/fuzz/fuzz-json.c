/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-json.h"

static const WherryJsonLimits limits
    = { .length = WHERRY_SIGNAL_MESSAGE_MAX, .depth = WHERRY_JSON_DEPTH_MAX };

/* The parser and our own walk find the same members with the same strings. */
static void
check_member (WherryJsonObject *object, const char *data, gsize size, const char *name)
{
  g_autofree char *decoded = NULL;
  g_autoptr (GError) error = NULL;
  const char *value = NULL;
  gint64 number;
  gsize start, span;

  g_assert_true (wherry_json_member_span (data, size, name, &start, &span));
  g_assert_cmpuint (span, >, 0);
  g_assert_cmpuint (start + span, <, size);
  decoded = wherry_json_string_decode (data + start, span);
  if (wherry_json_object_get_string_or (object, name, size, NULL, &value, &error))
    g_assert_cmpstr (decoded, ==, value);
  else
    g_assert_null (decoded);
  /* a number with neither fraction nor exponent is kept to the last digit */
  if (memchr (data + start, '.', span) == NULL && memchr (data + start, 'e', span) == NULL
      && memchr (data + start, 'E', span) == NULL
      && wherry_json_object_get_int (object, name, G_MININT64, G_MAXINT64, &number, NULL))
    {
      g_autofree char *text = g_strndup (data + start, span);

      g_assert_true (wherry_json_number_is_exact (text, span));
      g_assert_cmpint (number, ==, g_ascii_strtoll (text, NULL, 10));
    }
}

static void
check_object (WherryJsonObject *object, const char *data, gsize size)
{
  g_auto (GStrv) names = wherry_json_object_get_names (object);

  for (guint i = 0; names[i] != NULL; i++)
    check_member (object, data, size, names[i]);
}

/* The value spliced into a document of ours leaves that a document. */
static void
check_raw (const char *data, gsize size)
{
  static const WherryJsonLimits wider
      = { .length = 2 * WHERRY_SIGNAL_MESSAGE_MAX, .depth = WHERRY_JSON_DEPTH_MAX + 1 };
  WherryJsonWriter *writer = wherry_json_writer_new ();
  g_autofree char *text = NULL;
  gsize length;

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_raw (writer, "data", data, size);
  wherry_json_writer_int (writer, "n", 1);
  wherry_json_writer_end_object (writer);
  text = wherry_json_writer_finish (writer, &length);
  g_assert_true (wherry_json_scan (text, length, &wider, NULL, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *) data;
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryJsonObject) object = NULL;
  gsize start, span;

  if (!wherry_json_scan (text, size, &limits, NULL, &error))
    {
      g_assert_true (error->domain == WHERRY_ERROR);
      g_assert_null (wherry_json_object_parse (text, size, &limits, NULL));
      return 0;
    }
  check_raw (text, size);
  object = wherry_json_object_parse (text, size, &limits, NULL);
  g_assert_cmpint (object != NULL, ==, wherry_json_object_span (text, size, &start, &span));
  if (object != NULL)
    check_object (object, text, size);
  return 0;
}
