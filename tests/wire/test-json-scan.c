/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-json-scan.h"
#include "wire/wherry-json-span.h"

static const WherryJsonLimits limits = { .length = 1 << 20, .depth = 32 };

static const char document[]
    = " { \"type\" : \"msg\" ,\"n\":-12.5e+3, \"data\":{\"a\":[1,{\"b\":\"}]\\\"\"},[]],\"c\":{}} ,"
      "\"s\":\"\\u00e4\\ud83d\\ude00\\/\\n\", \"t\":true,\"f\":false,\"z\":null } \r\n";

static gboolean
scan (const char *text, gsize length, gboolean *exact, GError **error)
{
  g_autofree guint8 *copy = wherry_exact_copy (text, length);

  return wherry_json_scan ((const char *) copy, length, &limits, exact, error);
}

static void
test_accepts (void)
{
  static const char *const good[] = {
    document,
    "{}",
    "[]",
    "\"\"",
    "0",
    "-0",
    "1e5",
    "1E-5",
    "0.0",
    "0e0",
    "true",
    "false",
    "null",
    "\t\r\n 1 \t\r\n",
    "[[],[[]],{}]",
    "{\"\":{\"\":0}}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\uFFFF\"",
    "\"\\ud800\\udc00\\uDBFF\\uDFFF\"",
    "\"\x7f \xc3\xa4 \xf0\x9f\x98\x80 // not a comment\"",
    "{\"a\":1,\"A\":1,\"b\":{\"a\":1,\"a\":2}}",
    "[{\"a\":1,\"a\":2}]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean exact = FALSE;

      g_assert_true (scan (good[i], strlen (good[i]), &exact, &error));
      g_assert_no_error (error);
      g_assert_true (exact);
    }
}

static void
test_refuses (void)
{
  static const char *const bad[] = {
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[}",
    "{]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\" 1}",
    "{a:1}",
    "{1:1}",
    "{'a':1}",
    "'a'",
    "{} {}",
    "1 2",
    "{}x",
    "{},",
    "var x = {};",
    "/* c */ {}",
    "{} // c",
    "[1,/* */2]",
    "tru",
    "truE",
    "truex",
    "nul",
    "undefined",
    "NaN",
    "Infinity",
    "-Infinity",
    "-",
    "+1",
    "01",
    "-01",
    "00",
    "1.",
    ".5",
    "1.e5",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "1e5.5",
    "\"",
    "\"abc",
    "\"\\",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\'\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\U1234\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "{\"\\u0000\":1}",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800x\"",
    "\"\\ud800\\n\"",
    "\"\\ud800\\u0041\"",
    "\"\\ud800\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\ud800\\udc0\"",
    "\"tab\there\"",
    "\"new\nline\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xc3",
    "\xef\xbb\xbf{}",
    "\xc2\xa0{}",
    "\f{}",
    "{\"a\":1,\"a\":2}",
    "{\"from\":1,\"\\u0066rom\":2}",
    "{\"\":1,\"\":2}",
    "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      if (scan (bad[i], strlen (bad[i]), NULL, &error))
        g_error ("taken: %s", bad[i]);
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_nul (void)
{
  static const char *const with_nul[] = { "{}\0", "\0{}", "\"\0\"", "[1\0]" };
  static const gsize lengths[] = { 3, 3, 3, 4 };

  for (guint i = 0; i < G_N_ELEMENTS (with_nul); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (scan (with_nul[i], lengths[i], NULL, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_prefixes (void)
{
  gsize whole = strrchr (document, '}') - document + 1;

  for (gsize n = 0; n < whole; n++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (scan (document, n, NULL, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
  for (gsize n = whole; n < sizeof document; n++)
    g_assert_true (scan (document, n, NULL, NULL));
}

static char *
nested (const char *open, const char *middle, const char *close, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append (text, open);
  g_string_append (text, middle);
  for (guint i = 0; i < n; i++)
    g_string_append (text, close);
  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  static const WherryJsonLimits deep = { .length = 1 << 20, .depth = G_MAXUINT };
  static const guint depths[] = { 31, 32, 33, 100000 };

  for (guint i = 0; i < G_N_ELEMENTS (depths); i++)
    {
      g_autofree char *arrays = nested ("[", "", "]", depths[i]);
      g_autofree char *objects = nested ("{\"a\":", "1", "}", depths[i]);
      g_autofree char *unclosed = nested ("[", "", "", depths[i]);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (scan (arrays, strlen (arrays), NULL, NULL), ==, depths[i] <= 32);
      g_assert_cmpint (scan (objects, strlen (objects), NULL, &error), ==, depths[i] <= 32);
      if (depths[i] > 32)
        g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
      g_assert_false (scan (unclosed, strlen (unclosed), NULL, NULL));
      /* whatever the limits say, there is an end */
      g_assert_cmpint (wherry_json_scan (arrays, strlen (arrays), &deep, NULL, NULL), ==,
                       depths[i] <= WHERRY_JSON_SCAN_DEPTH_MAX);
    }
}

/* A bracket closed as the wrong kind, at every depth: the bits that remember the kinds. */
static void
test_kinds (void)
{
  for (guint depth = 1; depth <= 20; depth++)
    for (guint kinds = 0; kinds < 64; kinds++)
      {
        g_autoptr (GString) text = g_string_new (NULL);
        g_autofree char *wrong = NULL;

        for (guint i = 0; i < depth; i++)
          g_string_append (text, (kinds >> (i % 6)) & 1 ? "{\"a\":" : "[");
        g_string_append (text, "[]");
        for (guint i = depth; i-- > 0;)
          g_string_append_c (text, (kinds >> (i % 6)) & 1 ? '}' : ']');
        g_assert_true (scan (text->str, text->len, NULL, NULL));
        wrong = g_strdup (text->str);
        wrong[text->len - 1] ^= '}' ^ ']';
        g_assert_false (scan (wrong, text->len, NULL, NULL));
      }
}

static void
test_length (void)
{
  static const WherryJsonLimits small = { .length = 4, .depth = 4 };
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_json_scan ("[12]", 4, &small, NULL, NULL));
  g_assert_false (wherry_json_scan ("[123]", 5, &small, NULL, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE);
}

static void
test_exact (void)
{
  static const struct
  {
    const char *text;
    gboolean exact;
  } cases[] = {
    { "9223372036854775807", TRUE },
    { "9223372036854775808", FALSE },
    { "-9223372036854775808", TRUE },
    { "-9223372036854775809", FALSE },
    { "18446744073709551616", FALSE },
    { "99999999999999999999999999", FALSE },
    { "1e308", TRUE },
    { "1e309", FALSE },
    { "-1e400", FALSE },
    { "1e-400", TRUE },
    { "[1,{\"a\":1e999}]", FALSE },
    { "1e99999999999999999999", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean exact = !cases[i].exact;

      g_assert_true (scan (cases[i].text, strlen (cases[i].text), &exact, NULL));
      g_assert_cmpint (exact, ==, cases[i].exact);
    }
}

static void
assert_member (const char *name, const char *expected)
{
  gsize start, span;

  g_assert_true (wherry_json_member_span (document, strlen (document), name, &start, &span));
  g_assert_cmpmem (document + start, span, expected, strlen (expected));
}

static void
test_spans (void)
{
  static const char escaped[] = "{\"\\u0064ata\":[1]}";
  gsize start, span;

  assert_member ("type", "\"msg\"");
  assert_member ("n", "-12.5e+3");
  assert_member ("data", "{\"a\":[1,{\"b\":\"}]\\\"\"},[]],\"c\":{}}");
  assert_member ("s", "\"\\u00e4\\ud83d\\ude00\\/\\n\"");
  assert_member ("t", "true");
  assert_member ("z", "null");
  g_assert_false (wherry_json_member_span (document, strlen (document), "a", &start, &span));
  g_assert_false (wherry_json_member_span (document, strlen (document), "", &start, &span));
  g_assert_false (wherry_json_member_span ("[\"a\",1]", 7, "a", &start, &span));
  g_assert_false (wherry_json_member_span ("{}", 2, "a", &start, &span));
  g_assert_true (wherry_json_member_span (escaped, strlen (escaped), "data", &start, &span));
  g_assert_cmpmem (escaped + start, span, "[1]", 3);

  g_assert_true (wherry_json_object_span (document, strlen (document), &start, &span));
  g_assert_cmpuint (start, ==, 1);
  g_assert_cmpint (document[start + span - 1], ==, '}');
  g_assert_cmpuint (start + span + 3, ==, strlen (document));
  g_assert_false (wherry_json_object_span ("[]", 2, &start, &span));
}

static void
test_decode (void)
{
  static const struct
  {
    const char *json;
    const char *text;
  } cases[] = {
    { "\"\"", "" },
    { "\"abc\"", "abc" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
    { "12", NULL },
    { "null", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *copy = wherry_exact_copy (cases[i].json, strlen (cases[i].json));
      g_autofree char *text
          = wherry_json_string_decode ((const char *) copy, strlen (cases[i].json));

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* Whatever passes after damage: its members can be found, and each is JSON by itself. */
static void
test_mutations (void)
{
  static const char *const names[] = { "type", "n", "data", "s", "t", "f", "z" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (wherry_test_seed ());
  guint passed = 0;

  for (guint i = 0; i < 20000; i++)
    {
      gsize length, start, span;
      g_autofree char *text = (char *) wherry_mutate (rand, document, strlen (document), &length);

      if (!wherry_json_scan (text, length, &limits, NULL, NULL))
        continue;
      passed++;
      for (guint k = 0; k < G_N_ELEMENTS (names); k++)
        if (wherry_json_member_span (text, length, names[k], &start, &span))
          {
            /* in an array: two members of one name are looked for in the outermost object only */
            g_autofree char *value = g_strdup_printf ("[%.*s]", (int) span, text + start);

            g_assert_true (scan (value, strlen (value), NULL, NULL));
          }
    }
  g_assert_cmpuint (passed, >, 0);
  g_assert_cmpuint (passed, <, 20000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-scan/accepts-json", test_accepts);
  g_test_add_func ("/json-scan/refuses-what-is-no-json", test_refuses);
  g_test_add_func ("/json-scan/refuses-nul", test_nul);
  g_test_add_func ("/json-scan/refuses-every-prefix", test_prefixes);
  g_test_add_func ("/json-scan/depth-is-bounded", test_depth);
  g_test_add_func ("/json-scan/brackets-match", test_kinds);
  g_test_add_func ("/json-scan/length-is-bounded", test_length);
  g_test_add_func ("/json-scan/tells-numbers-that-overflow", test_exact);
  g_test_add_func ("/json-scan/spans-are-the-bytes-that-came", test_spans);
  g_test_add_func ("/json-scan/decodes-strings", test_decode);
  g_test_add_func ("/json-scan/mutations", test_mutations);
  return g_test_run ();
}
