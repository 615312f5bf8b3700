/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/wherry-cli-limits.h"
#include "cli/wherry-json-line.h"

static void
test_takes (void)
{
  static const char *const texts[] = {
    "{}",
    " {\"text\":\"x\"}\n",
    "{\"text\":\"x\",\"n\":[-1.5E+3,true,false,null,{}]}",
    "{\"text\":\"x\",\"other\":\"/* ' \\\" [[[ // # \\\\\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = wherry_json_line_parse (texts[i], -1, &error);

      g_assert_no_error (error);
      g_assert_nonnull (object);
    }
}

static void
refuse (const char *text, gssize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_json_line_parse (text, length, &error));
  g_assert_nonnull (error);
}

static void
test_refuses (void)
{
  static const char *const texts[] = {
    "",
    "[]",
    "{",
    "var x = {}",
    "{\"a\":1/* */}",
    "{}#",
    "{}//",
    "{'text':'x'}",
    "{\"a\":'x'}",
    "{\"a\":\xff}",
    "{\"a\":0x1f}",
    "{}{}",
    "{\"a\":1}[8]\"}",
    "{}]",
    "{}\"{}\"",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    refuse (texts[i], -1);
  refuse ("{\"a\":\"\0\"}", 9);
}

/* The parser is recursive. What hides a quote from it, or from who counts the brackets, makes it
 * take more of them than a stack holds. */
static void
test_deep (void)
{
  static const char *const begins[] = {
    "{\"a\":",      "{\"a\":/*\"*/",    "{\"a\"://\"\n",
    "{\"a\":#\"\n", "{\"a\":'\"'\"\",", "{\"a\":'\"',\"b\":",
  };

  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    {
      gsize head = strlen (begins[i]);
      g_autofree char *text = g_malloc (WHERRY_CLI_JSON_BYTES);

      memset (text, '[', WHERRY_CLI_JSON_BYTES);
      memcpy (text, begins[i], head);
      refuse (text, WHERRY_CLI_JSON_BYTES);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-line/takes", test_takes);
  g_test_add_func ("/json-line/refuses", test_refuses);
  g_test_add_func ("/json-line/deep", test_deep);
  return g_test_run ();
}
