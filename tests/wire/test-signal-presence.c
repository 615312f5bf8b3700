/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

/* What clients say about themselves. */

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "signal-fixture.h"

static void
test_join (void)
{
  g_autoptr (WherrySignal) wills
      = signal_parse ("{\"type\":\"join\",\"room\":\"r\",\"attributes\":{ \"n\":1e400},\"will\":"
                      "{\"topic\":\"t\",\"data\":\"AP8=\"}}");
  g_autoptr (WherrySignal) text
      = signal_parse ("{\"type\":\"join\",\"room\":\"r\",\"attributes\":null,\"will\":"
                      "{\"topic\":\"\",\"text\":\"\"}}");

  g_assert_cmpstr (wills->attributes, ==, "{ \"n\":1e400}");
  g_assert_cmpstr (wills->will->topic, ==, "t");
  g_assert_false (wills->will->is_text);
  g_assert_cmpmem (g_bytes_get_data (wills->will->data, NULL), g_bytes_get_size (wills->will->data),
                   "\0\xff", 2);
  g_assert_null (text->attributes);
  g_assert_true (text->will->is_text);
  g_assert_cmpuint (g_bytes_get_size (text->will->data), ==, 0);
}

static char *
with_attributes (const char *type, guint inner)
{
  g_autofree char *fill = g_strnfill (inner, 'x');

  return g_strdup_printf ("{\"type\":\"%s\",\"room\":\"r\",\"attributes\":{\"a\":\"%s\"}}", type,
                          fill);
}

static void
test_attributes (void)
{
  static const char *const bad[] = { "[]", "\"\"", "5", "{\"a\":1,\"a\":2}" };
  g_autofree char *longest = with_attributes ("attributes", WHERRY_ATTRIBUTES_MAX - 8);
  g_autofree char *longer = with_attributes ("attributes", WHERRY_ATTRIBUTES_MAX - 7);
  g_autofree char *join = with_attributes ("join", WHERRY_ATTRIBUTES_MAX - 7);
  g_autofree char *open = g_strnfill (WHERRY_ATTRIBUTES_DEPTH_MAX, '[');
  g_autofree char *close = g_strnfill (WHERRY_ATTRIBUTES_DEPTH_MAX, ']');
  g_autofree char *deep
      = g_strdup_printf ("{\"type\":\"attributes\",\"attributes\":{\"a\":%s%s}}", open, close);
  g_autofree char *deepest
      = g_strdup_printf ("{\"type\":\"attributes\",\"attributes\":{\"a\":%s%s}}", open + 1,
                         close + 1);
  g_autoptr (WherrySignal) most = signal_parse (longest);
  g_autoptr (WherrySignal) nested = signal_parse (deepest);
  g_autoptr (WherrySignal) none = signal_parse ("{\"type\":\"attributes\",\"attributes\":{ }}");

  g_assert_cmpuint (strlen (most->attributes), ==, WHERRY_ATTRIBUTES_MAX);
  g_assert_nonnull (nested->attributes);
  g_assert_cmpstr (none->attributes, ==, "{ }");
  signal_assert_refused (longer, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  signal_assert_refused (join, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  signal_assert_refused (deep, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  signal_assert_refused ("{\"type\":\"attributes\"}", WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"type\":\"attributes\",\"attributes\":%s}", bad[i]);

      signal_assert_refused (text, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
    }
}

static void
test_bad_wills (void)
{
  static const char *const bad[] = {
    "[]",
    "{}",
    "{\"topic\":\"t\"}",
    "{\"text\":\"x\"}",
    "{\"topic\":5,\"text\":\"x\"}",
    "{\"topic\":\"t\",\"text\":\"x\",\"data\":\"AA==\"}",
    "{\"topic\":\"wherry:notices\",\"text\":\"x\"}",
    "{\"topic\":\"t\",\"data\":\"AA\"}",
    "{\"topic\":\"t\",\"data\":\"A A=\"}",
    "{\"topic\":\"t\",\"data\":\"A===\"}",
    "{\"topic\":\"t\",\"data\":\"-_==\"}",
  };
  g_autofree char *fill = g_strnfill (WHERRY_WILL_MAX + 1, 'x');
  g_autofree char *longest
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"r\",\"will\":{\"topic\":\"t\","
                         "\"text\":\"%s\"}}",
                         fill + 1);
  g_autofree char *longer
      = g_strdup_printf ("{\"type\":\"join\",\"room\":\"r\",\"will\":{\"topic\":\"t\","
                         "\"text\":\"%s\"}}",
                         fill);
  g_autoptr (WherrySignal) most = signal_parse (longest);

  g_assert_cmpuint (g_bytes_get_size (most->will->data), ==, WHERRY_WILL_MAX);
  signal_assert_refused (longer, WHERRY_SIGNAL_ERROR_TOO_LARGE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("{\"type\":\"join\",\"room\":\"r\",\"will\":%s}", bad[i]);

      signal_assert_refused (text, WHERRY_SIGNAL_ERROR_BAD_MESSAGE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/signal-presence/join", test_join);
  g_test_add_func ("/signal-presence/attributes", test_attributes);
  g_test_add_func ("/signal-presence/bad-wills", test_bad_wills);
  return g_test_run ();
}
