/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-json.h"

static const WherryJsonLimits limits = { .length = 1 << 20, .depth = 32 };

static WherryJsonObject *
parse (const char *text)
{
  g_autofree guint8 *copy = wherry_exact_copy (text, strlen (text));
  g_autoptr (GError) error = NULL;
  WherryJsonObject *object
      = wherry_json_object_parse ((const char *) copy, strlen (text), &limits, &error);

  g_assert_no_error (error);
  g_assert_nonnull (object);
  return object;
}

static void
assert_message (GError **error, const char *message)
{
  g_assert_error (*error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
  g_assert_cmpstr ((*error)->message, ==, message);
  g_clear_error (error);
}

static void
test_strings (void)
{
  g_autoptr (WherryJsonObject) object
      = parse ("{\"a\":\"x\\ud83d\\ude00\\/\\n\\\"\",\"n\":null,\"i\":1,\"o\":{},\"l\":[\"x\"]}");
  g_autoptr (GError) error = NULL;
  const char *value = "kept";

  g_assert_false (wherry_json_object_get_string (object, "i", 9, &value, &error));
  assert_message (&error, "i is not a string");
  g_assert_false (wherry_json_object_get_string (object, "o", 9, &value, &error));
  assert_message (&error, "o is not a string");
  g_assert_false (wherry_json_object_get_string_or (object, "l", 9, "", &value, &error));
  assert_message (&error, "l is not a string");
  g_assert_false (wherry_json_object_get_string (object, "n", 9, &value, &error));
  assert_message (&error, "n is missing");
  g_assert_false (wherry_json_object_get_string (object, "zz", 9, &value, &error));
  assert_message (&error, "zz is missing");
  g_assert_false (wherry_json_object_get_string (object, "a", 7, &value, &error));
  assert_message (&error, "a is longer than 7 bytes");
  g_assert_cmpstr (value, ==, "kept");

  g_assert_true (wherry_json_object_get_string (object, "a", 8, &value, &error));
  g_assert_cmpstr (value, ==, "x\xf0\x9f\x98\x80/\n\"");
  g_assert_true (wherry_json_object_get_string_or (object, "n", 9, "or", &value, &error));
  g_assert_cmpstr (value, ==, "or");
  g_assert_true (wherry_json_object_get_string_or (object, "zz", 9, NULL, &value, &error));
  g_assert_null (value);
  g_assert_true (wherry_json_object_has (object, "n"));
  g_assert_false (wherry_json_object_has (object, "zz"));
}

static void
test_numbers (void)
{
  g_autoptr (WherryJsonObject) object
      = parse ("{\"i\":-5,\"r\":5.0,\"e\":1e3,\"f\":0.5,\"big\":9223372036854775807,"
               "\"huge\":1e300,\"s\":\"5\",\"b\":true,\"z\":-0,\"edge\":1e19}");
  g_autoptr (GError) error = NULL;
  gint64 value = 77;
  double real = 0;

  g_assert_true (wherry_json_object_get_int (object, "i", -5, 0, &value, &error));
  g_assert_cmpint (value, ==, -5);
  g_assert_true (wherry_json_object_get_int (object, "r", 0, 10, &value, &error));
  g_assert_cmpint (value, ==, 5);
  g_assert_true (wherry_json_object_get_int (object, "e", 0, 1000, &value, &error));
  g_assert_cmpint (value, ==, 1000);
  g_assert_true (wherry_json_object_get_int (object, "z", 0, 0, &value, &error));
  g_assert_cmpint (value, ==, 0);
  g_assert_true (
      wherry_json_object_get_int (object, "big", G_MININT64, G_MAXINT64, &value, &error));
  g_assert_cmpint (value, ==, G_MAXINT64);
  g_assert_true (wherry_json_object_get_int_or (object, "none", 0, 1, -1, &value, &error));
  g_assert_cmpint (value, ==, -1);
  g_assert_true (wherry_json_object_get_double (object, "f", &real, &error));
  g_assert_cmpfloat (real, ==, 0.5);
  g_assert_true (wherry_json_object_get_double (object, "i", &real, &error));
  g_assert_cmpfloat (real, ==, -5);

  g_assert_false (wherry_json_object_get_int (object, "i", -4, 0, &value, &error));
  assert_message (&error, "i is not from -4 to 0");
  g_assert_false (wherry_json_object_get_int (object, "e", 0, 999, &value, &error));
  assert_message (&error, "e is not from 0 to 999");
  g_assert_false (wherry_json_object_get_int (object, "none", 0, 1, &value, &error));
  assert_message (&error, "none is missing");
  for (guint i = 0; i < 5; i++)
    {
      static const char *const names[] = { "f", "huge", "s", "b", "edge" };

      g_assert_false (
          wherry_json_object_get_int (object, names[i], G_MININT64, G_MAXINT64, &value, &error));
      g_assert_true (g_str_has_suffix (error->message, "is not a whole number"));
      g_clear_error (&error);
    }
  g_assert_false (wherry_json_object_get_double (object, "s", &real, &error));
  assert_message (&error, "s is not a number");
}

/* What cannot be kept is refused or bounded where it is read, and ignored where it is not. */
static void
test_wide_numbers (void)
{
  g_autoptr (WherryJsonObject) object
      = parse ("{\"i\":18446744073709551621,\"min\":-9223372036854775809,\"inf\":1e400,"
               "\"low\":-1E999,\"s\":\"1e400 18446744073709551621\",\"l\":[1e400,\"\\\"-1e400\"],"
               "\"ok\":5}");
  static const char *const names[] = { "i", "min", "inf", "low" };
  g_autoptr (WherryJsonArray) array = NULL;
  g_autoptr (GError) error = NULL;
  const char *string;
  gint64 value = 0;
  double real = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_false (
          wherry_json_object_get_int (object, names[i], G_MININT64, G_MAXINT64, &value, &error));
      g_assert_true (g_str_has_suffix (error->message, "is not a whole number"));
      g_clear_error (&error);
    }
  g_assert_true (wherry_json_object_get_double (object, "i", &real, NULL));
  g_assert_cmpfloat (real, ==, 18446744073709551616.0);
  g_assert_true (wherry_json_object_get_double (object, "inf", &real, NULL));
  g_assert_cmpfloat (real, ==, G_MAXDOUBLE);
  g_assert_true (wherry_json_object_get_double (object, "low", &real, NULL));
  g_assert_cmpfloat (real, ==, -G_MAXDOUBLE);
  g_assert_true (wherry_json_object_get_string (object, "s", 99, &string, NULL));
  g_assert_cmpstr (string, ==, "1e400 18446744073709551621");
  g_assert_true (wherry_json_object_get_array (object, "l", &array, NULL));
  g_assert_true (wherry_json_array_get_string (array, 1, 99, &string, NULL));
  g_assert_cmpstr (string, ==, "\"-1e400");
  g_assert_true (wherry_json_object_get_int (object, "ok", 5, 5, &value, NULL));
}

static void
test_bools (void)
{
  g_autoptr (WherryJsonObject) object = parse ("{\"t\":true,\"f\":false,\"i\":1,\"n\":null}");
  g_autoptr (GError) error = NULL;
  gboolean value = FALSE;

  g_assert_true (wherry_json_object_get_bool (object, "t", &value, &error));
  g_assert_true (value);
  g_assert_true (wherry_json_object_get_bool (object, "f", &value, &error));
  g_assert_false (value);
  g_assert_true (wherry_json_object_get_bool_or (object, "n", TRUE, &value, &error));
  g_assert_true (value);
  g_assert_false (wherry_json_object_get_bool (object, "i", &value, &error));
  assert_message (&error, "i is neither true nor false");
  g_assert_false (wherry_json_object_get_bool_or (object, "i", FALSE, &value, &error));
  assert_message (&error, "i is neither true nor false");
  g_assert_false (wherry_json_object_get_bool (object, "n", &value, &error));
  assert_message (&error, "n is missing");
}

static void
test_nested (void)
{
  WherryJsonObject *object = parse ("{\"o\":{\"x\":1},\"l\":[\"a\",{\"y\":2},3],\"n\":null}");
  g_autoptr (WherryJsonObject) inner = NULL;
  g_autoptr (WherryJsonObject) element = NULL;
  g_autoptr (WherryJsonObject) nothing = NULL;
  g_autoptr (WherryJsonArray) array = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = wherry_json_object_get_names (object);
  const char *string;
  gint64 value;

  g_assert_cmpstrv (names, ((const char *[]){ "o", "l", "n", NULL }));
  g_assert_false (wherry_json_object_get_object (object, "l", &inner, &error));
  assert_message (&error, "l is not an object");
  g_assert_false (wherry_json_object_get_array (object, "o", &array, &error));
  assert_message (&error, "o is not an array");
  g_assert_false (wherry_json_object_get_object (object, "n", &inner, &error));
  assert_message (&error, "n is missing");
  g_assert_false (wherry_json_object_get_array (object, "zz", &array, &error));
  assert_message (&error, "zz is missing");
  g_assert_true (wherry_json_object_get_object_or_null (object, "n", &nothing, &error));
  g_assert_null (nothing);
  g_assert_true (wherry_json_object_get_object (object, "o", &inner, &error));
  g_assert_true (wherry_json_object_get_array (object, "l", &array, &error));
  /* what came out lives on without the whole */
  wherry_json_object_unref (object);

  g_assert_true (wherry_json_object_get_int (inner, "x", 0, 9, &value, &error));
  g_assert_cmpint (value, ==, 1);
  g_assert_cmpuint (wherry_json_array_get_length (array), ==, 3);
  g_assert_true (wherry_json_array_get_string (array, 0, 9, &string, &error));
  g_assert_cmpstr (string, ==, "a");
  g_assert_true (wherry_json_array_get_object (array, 1, &element, &error));
  g_assert_true (wherry_json_object_get_int (element, "y", 0, 9, &value, &error));
  g_assert_cmpint (value, ==, 2);
  g_assert_false (wherry_json_array_get_string (array, 2, 9, &string, &error));
  assert_message (&error, "l[2] is not a string");
  g_assert_false (wherry_json_array_get_object (array, 0, &nothing, &error));
  assert_message (&error, "l[0] is not an object");
}

static void
test_parse_refuses (void)
{
  static const char *const bad[] = {
    "[]", "1", "null", "{\"a\":1,\"a\":2}", "{a:1}", "{} {}", "var x = {}", "{\"a\":\"\\ud800\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (wherry_json_object_parse (bad[i], strlen (bad[i]), &limits, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

/* No message of an error repeats what the text holds. */
static void
test_errors_do_not_repeat (void)
{
  static const char *const secrets[] = { "{\"token\":\"s3cret\" 1}", "{\"token\":s3cret}",
                                         "{\"s3cret\"}", "s3cret", "{\"a\":1,\"s3cret\":2 3}" };

  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (wherry_json_object_parse (secrets[i], strlen (secrets[i]), &limits, &error));
      g_assert_null (strstr (error->message, "s3cret"));
    }
}

static void
test_writer (void)
{
  WherryJsonWriter *writer = wherry_json_writer_new ();
  g_autofree char *text = NULL;
  gsize length;

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "s", "a\"\\\n\r\t\x01\x7f/\xc3\xa4");
  wherry_json_writer_int (writer, "i", G_MININT64);
  wherry_json_writer_uint (writer, "u", G_MAXUINT64);
  wherry_json_writer_double (writer, "d", 0.5);
  wherry_json_writer_double (writer, "inf", INFINITY);
  wherry_json_writer_bool (writer, "t", TRUE);
  wherry_json_writer_null (writer, "n");
  wherry_json_writer_begin_array (writer, "l");
  wherry_json_writer_int (writer, NULL, 1);
  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_end_object (writer);
  wherry_json_writer_bool (writer, NULL, FALSE);
  wherry_json_writer_end_array (writer);
  wherry_json_writer_begin_array (writer, "e");
  wherry_json_writer_end_array (writer);
  wherry_json_writer_raw (writer, "raw\"", "[1e400, 2]xxx", 10);
  wherry_json_writer_end_object (writer);
  text = wherry_json_writer_finish (writer, &length);
  g_assert_cmpstr (
      text, ==,
      "{\"s\":\"a\\\"\\\\\\n\\r\\t\\u0001\\u007f/\xc3\xa4\",\"i\":-9223372036854775808,"
      "\"u\":18446744073709551615,\"d\":0.5,\"inf\":null,\"t\":true,\"n\":null,"
      "\"l\":[1,{},false],\"e\":[],\"raw\\\"\":[1e400, 2]}");
  g_assert_cmpuint (length, ==, strlen (text));
  g_assert_true (wherry_json_scan (text, length, &limits, NULL, NULL));
}

static void
test_writer_makes_utf8 (void)
{
  g_autoptr (WherryJsonWriter) dropped = wherry_json_writer_new ();
  WherryJsonWriter *writer = wherry_json_writer_new ();
  g_autofree char *text = NULL;

  wherry_json_writer_begin_array (dropped, NULL);
  wherry_json_writer_string (writer, NULL, "a\xff\xed\xa0\x80");
  text = wherry_json_writer_finish (writer, NULL);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (wherry_json_scan (text, strlen (text), &limits, NULL, NULL));
}

/* Every string that we write reads as what it was, by the library and by our own decoder. */
static void
test_round_trip (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (wherry_test_seed ());

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GString) string = g_string_new (NULL);
      WherryJsonWriter *writer = wherry_json_writer_new ();
      g_autoptr (WherryJsonObject) object = NULL;
      g_autofree char *text = NULL, *decoded = NULL;
      const char *read = NULL;
      gsize start, span;

      for (gint32 n = g_rand_int_range (rand, 0, 20); n > 0; n--)
        {
          gunichar c = (gunichar) g_rand_int_range (rand, 1, 1 << g_rand_int_range (rand, 7, 21));

          if (g_unichar_validate (c))
            g_string_append_unichar (string, c);
        }
      wherry_json_writer_begin_object (writer, NULL);
      wherry_json_writer_string (writer, "s", string->str);
      wherry_json_writer_end_object (writer);
      text = wherry_json_writer_finish (writer, NULL);
      object = parse (text);
      g_assert_true (wherry_json_object_get_string (object, "s", 1000, &read, NULL));
      g_assert_cmpstr (read, ==, string->str);
      g_assert_true (wherry_json_member_span (text, strlen (text), "s", &start, &span));
      decoded = wherry_json_string_decode (text + start, span);
      g_assert_cmpstr (decoded, ==, string->str);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/strings", test_strings);
  g_test_add_func ("/json/numbers", test_numbers);
  g_test_add_func ("/json/wide-numbers-are-bounded", test_wide_numbers);
  g_test_add_func ("/json/bools", test_bools);
  g_test_add_func ("/json/nested", test_nested);
  g_test_add_func ("/json/parse-refuses", test_parse_refuses);
  g_test_add_func ("/json/errors-do-not-repeat-the-text", test_errors_do_not_repeat);
  g_test_add_func ("/json/writer", test_writer);
  g_test_add_func ("/json/writer-makes-utf8", test_writer_makes_utf8);
  g_test_add_func ("/json/strings-round-trip", test_round_trip);
  return g_test_run ();
}
