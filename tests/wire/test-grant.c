/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-grant.h"

static void
test_patterns (void)
{
  static const struct
  {
    const char *pattern;
    const char *text;
    gboolean fits;
  } cases[] = {
    { "", "", TRUE },
    { "", "a", FALSE },
    { "chat", "chat", TRUE },
    { "chat", "Chat", FALSE },
    { "chat", "chats", FALSE },
    { "chat", "cha", FALSE },
    { "*", "", TRUE },
    { "*", "chat", TRUE },
    { "*", "chat/de", FALSE },
    { "**", "", TRUE },
    { "**", "chat/de/1", TRUE },
    { "***", "chat/de/1", TRUE },
    { "chat/*", "chat/de", TRUE },
    { "chat/*", "chat", FALSE },
    { "chat/*", "chat/de/1", FALSE },
    { "chat/**", "chat/de/1", TRUE },
    { "chat/**", "chat", FALSE },
    { "chat/**", "chatter", FALSE },
    { "*/state", "lamp/state", TRUE },
    { "*/state", "hall/lamp/state", FALSE },
    { "**/state", "hall/lamp/state", TRUE },
    { "**/state", "hall/lamp/state/x", FALSE },
    { "team-*", "team-", TRUE },
    { "team-*", "team-blue", TRUE },
    { "team-*", "team-blue/x", FALSE },
    { "a*b*c", "axbxbxc", TRUE },
    { "a*b*c", "ax/bxc", FALSE },
    { "a**b*c", "ax/bx/b-c", TRUE },
    { "*?", "a?", TRUE },
    { "*?", "ab", FALSE },
    { "[ab]", "a", FALSE },
    { "**/*", "a", FALSE },
    { "\xc3\xa4*", "\xc3\xa4x", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s: %s", cases[i].pattern, cases[i].text);
      g_assert_cmpint (wherry_grant_pattern_matches (cases[i].pattern, cases[i].text), ==,
                       cases[i].fits);
    }
}

/* As many stars as there can be, and a text that fits up to its last byte: trying each way in turn
 * would take longer than the world is old. */
static void
test_patterns_are_bounded (void)
{
  g_autoptr (GString) pattern = g_string_new (NULL);
  g_autofree char *text = g_strnfill (WHERRY_LABEL_MAX, 'a');
  g_autofree char *longer = NULL;

  while (pattern->len + 3 < WHERRY_GRANT_PATTERN_MAX)
    g_string_append (pattern, pattern->len % 2 == 0 ? "**a" : "*a");
  g_string_append (pattern, "b");
  g_assert_false (wherry_grant_pattern_matches (pattern->str, text));

  longer = g_strnfill (WHERRY_GRANT_PATTERN_MAX + 1, 'a');
  g_assert_false (wherry_grant_pattern_matches (longer, longer));
  longer[WHERRY_GRANT_PATTERN_MAX] = '\0';
  g_assert_true (wherry_grant_pattern_matches (longer, longer));
}

static void
test_rights (void)
{
  static const char *const rooms[] = { "lobby", "team-*", NULL };
  static const char *const publish[] = { "chat/*", NULL };
  static const char *const subscribe[] = { "chat/**", "state", NULL };
  const WherryGrantInit init = {
    .subject = "ann",
    .name = "Ann",
    .rooms = rooms,
    .publish = publish,
    .subscribe = subscribe,
    .attributes = "{\"color\":\"blue\"}",
    .expires_us = 7,
    .admin = TRUE,
  };
  g_autoptr (WherryGrant) grant = wherry_grant_new (&init, NULL);

  g_assert_nonnull (grant);
  g_assert_true (wherry_grant_may_join (grant, "lobby"));
  g_assert_true (wherry_grant_may_join (grant, "team-red"));
  g_assert_false (wherry_grant_may_join (grant, "lobby2"));
  g_assert_true (wherry_grant_may_speak (grant));
  g_assert_true (wherry_grant_may_publish (grant, "chat/de"));
  g_assert_false (wherry_grant_may_publish (grant, "chat/de/1"));
  g_assert_false (wherry_grant_may_publish (grant, "state"));
  g_assert_true (wherry_grant_may_subscribe (grant, "chat/de/1"));
  g_assert_true (wherry_grant_may_subscribe (grant, "state"));
  g_assert_false (wherry_grant_may_subscribe (grant, "secret"));
  g_assert_true (wherry_grant_is_admin (grant));
  g_assert_cmpstr (wherry_grant_get_subject (grant), ==, "ann");
  g_assert_cmpstr (wherry_grant_get_name (grant), ==, "Ann");
  g_assert_cmpstr (wherry_grant_get_attributes (grant), ==, "{\"color\":\"blue\"}");
  g_assert_cmpint (wherry_grant_get_expires_us (grant), ==, 7);
}

/* One that names nothing grants nothing; none at all limits nothing. */
static void
test_nothing (void)
{
  const WherryGrantInit init = { .name = "", .expires_us = WHERRY_GRANT_FOREVER };
  g_autoptr (WherryGrant) grant = wherry_grant_new (&init, NULL);

  g_assert_false (wherry_grant_may_join (grant, "lobby"));
  g_assert_false (wherry_grant_may_speak (grant));
  g_assert_false (wherry_grant_may_publish (grant, ""));
  g_assert_false (wherry_grant_may_subscribe (grant, ""));
  g_assert_false (wherry_grant_is_admin (grant));
  g_assert_null (wherry_grant_get_subject (grant));
  g_assert_null (wherry_grant_get_name (grant));

  g_assert_true (wherry_grant_may_join (NULL, "lobby"));
  g_assert_true (wherry_grant_may_speak (NULL));
  g_assert_true (wherry_grant_may_publish (NULL, "x"));
  g_assert_true (wherry_grant_may_subscribe (NULL, "x"));
  g_assert_false (wherry_grant_is_admin (NULL));
  g_assert_cmpint (wherry_grant_get_expires_us (NULL), ==, WHERRY_GRANT_FOREVER);
}

static void
refuse (const WherryGrantInit *init, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_grant_new (init, &error));
  g_assert_error (error, WHERRY_ERROR, code);
}

static void
test_limits (void)
{
  g_autofree char *long_text = g_strnfill (WHERRY_ATTRIBUTES_MAX + 1, 'a');
  const char *const one[] = { long_text, NULL };
  const char *const bad[] = { "\xff", NULL };
  const char *many[WHERRY_GRANT_PATTERNS_MAX + 2];

  for (guint i = 0; i <= WHERRY_GRANT_PATTERNS_MAX; i++)
    many[i] = "a";
  many[WHERRY_GRANT_PATTERNS_MAX + 1] = NULL;
  refuse (&(WherryGrantInit){ .subject = long_text }, WHERRY_ERROR_TOO_LARGE);
  refuse (&(WherryGrantInit){ .subject = "\xff" }, WHERRY_ERROR_PROTOCOL);
  refuse (&(WherryGrantInit){ .attributes = long_text }, WHERRY_ERROR_TOO_LARGE);
  refuse (&(WherryGrantInit){ .name = long_text }, WHERRY_ERROR_PROTOCOL);
  refuse (&(WherryGrantInit){ .name = "a\nb" }, WHERRY_ERROR_PROTOCOL);
  refuse (&(WherryGrantInit){ .rooms = one }, WHERRY_ERROR_LIMIT);
  refuse (&(WherryGrantInit){ .publish = many }, WHERRY_ERROR_LIMIT);
  refuse (&(WherryGrantInit){ .subscribe = bad }, WHERRY_ERROR_PROTOCOL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grant/patterns", test_patterns);
  g_test_add_func ("/grant/patterns/bounded", test_patterns_are_bounded);
  g_test_add_func ("/grant/rights", test_rights);
  g_test_add_func ("/grant/nothing-named-nothing-granted", test_nothing);
  g_test_add_func ("/grant/limits", test_limits);
  return g_test_run ();
}
