/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay/wherry-ban-list.h"

static gboolean
add (WherryBanList *bans, const WherryBanned *who, GError **error)
{
  return wherry_ban_list_add (bans, who, 0, 10, error);
}

static gboolean
covers (WherryBanList *bans, const char *subject, const char *address, const char *room)
{
  const WherryBanned who = { .subject = subject, .address = address, .room = room };

  return wherry_ban_list_covers (bans, &who, 9);
}

static void
test_covers (void)
{
  const WherryBanned ann = { .subject = "ann", .room = "a" };
  const WherryBanned bob = { .subject = "bob", .address = "2001:db8:1:2::1" };
  g_autoptr (WherryBanList) bans = wherry_ban_list_new ();

  g_assert_false (covers (bans, "ann", "192.0.2.1", "a"));
  g_assert_true (add (bans, &ann, NULL));
  g_assert_true (covers (bans, "ann", NULL, "a"));
  g_assert_false (wherry_ban_list_covers (bans, &ann, 10));
  g_assert_false (covers (bans, "ann", NULL, "b"));
  g_assert_false (covers (bans, "bob", "192.0.2.1", "a"));
  g_assert_false (covers (bans, NULL, NULL, "a"));

  /* everywhere, and each of the two by itself */
  g_assert_true (add (bans, &bob, NULL));
  g_assert_true (covers (bans, "bob", "192.0.2.1", "b"));
  g_assert_true (covers (bans, NULL, "2001:db8:1:2::7", "c"));
  g_assert_false (covers (bans, NULL, "2001:db8:1:3::7", "c"));

  /* who calls itself as another key is written is still another */
  g_assert_false (covers (bans, "a/ann", NULL, "a"));
}

/* Everybody may choose one, so it says something only where an address does not. */
static void
test_name (void)
{
  WherryBanned ann = { .name = "ann", .room = "a" };
  g_autoptr (WherryBanList) bans = wherry_ban_list_new ();

  g_assert_true (add (bans, &ann, NULL));
  g_assert_true (wherry_ban_list_covers (bans, &ann, 0));
  ann.address = "::1";
  g_assert_true (wherry_ban_list_covers (bans, &ann, 0));
  ann.address = "192.0.2.1";
  g_assert_false (wherry_ban_list_covers (bans, &ann, 0));
  g_assert_false (covers (bans, "ann", NULL, "a"));
}

static void
test_lift (void)
{
  const WherryBanned both = { .subject = "ann", .address = "192.0.2.1" };
  const WherryBanned subject = { .subject = "ann" };
  const WherryBanned here = { .subject = "ann", .room = "a" };
  g_autoptr (WherryBanList) bans = wherry_ban_list_new ();

  g_assert_true (add (bans, &both, NULL));
  g_assert_false (wherry_ban_list_lift (bans, &here));
  g_assert_true (wherry_ban_list_lift (bans, &subject));
  g_assert_false (wherry_ban_list_lift (bans, &subject));
  g_assert_false (covers (bans, "ann", NULL, "a"));
  g_assert_true (covers (bans, "ann", "192.0.2.1", "a"));
}

static void
test_refused (void)
{
  const WherryBanned nobody = { .room = "a" };
  const WherryBanned nowhere = { .subject = "ann", .address = "example.org" };
  g_autoptr (WherryBanList) bans = wherry_ban_list_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (add (bans, &nobody, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (add (bans, &nowhere, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (wherry_ban_list_get_n (bans), ==, 0);
}

static void
test_bounded (void)
{
  const WherryBanned last = { .subject = "new" };
  g_autoptr (WherryBanList) bans = wherry_ban_list_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < WHERRY_BANS_MAX && error == NULL; i++)
    {
      g_autofree char *subject = g_strdup_printf ("%u", i);

      add (bans, &(WherryBanned){ .subject = subject }, &error);
    }
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  g_assert_cmpuint (wherry_ban_list_get_n (bans), <=, WHERRY_BANS_MAX);
  g_assert_cmpuint (wherry_ban_list_get_n (bans), >=, WHERRY_BANS_MAX - 2);
  /* those that are over make room */
  g_assert_true (wherry_ban_list_add (bans, &last, 10, 20, NULL));
  g_assert_cmpuint (wherry_ban_list_get_n (bans), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ban-list/covers", test_covers);
  g_test_add_func ("/ban-list/name", test_name);
  g_test_add_func ("/ban-list/lift", test_lift);
  g_test_add_func ("/ban-list/refused", test_refused);
  g_test_add_func ("/ban-list/bounded", test_bounded);
  return g_test_run ();
}
