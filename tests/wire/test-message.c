/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "wire/wherry-message.h"

static void
test_copy (void)
{
  guint8 source[] = { 1, 2, 3 };
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_BINARY, source, sizeof source, NULL);
  gsize length;

  source[0] = 9;
  g_assert_cmpmem (wherry_message_get_data (message, &length), 3, "\1\2\3", 3);
  g_assert_cmpuint (length, ==, 3);
  g_assert_cmpuint (wherry_message_get_length (message), ==, 3);
  g_assert_cmpuint (wherry_message_get_charge (message), ==, 3 + WHERRY_MESSAGE_OVERHEAD);
  g_assert_cmpint (wherry_message_get_kind (message), ==, WHERRY_MESSAGE_BINARY);
}

static void
test_take (void)
{
  guint8 *source = g_memdup2 ("text", 4);
  g_autoptr (WherryMessage) message
      = wherry_message_new_take (WHERRY_MESSAGE_TEXT, source, 4, NULL);

  g_assert_true (wherry_message_get_data (message, NULL) == source);
  g_assert_cmpuint (wherry_message_get_length (message), ==, 4);
}

static void
test_empty (void)
{
  g_autoptr (WherryMessage) text = wherry_message_new (WHERRY_MESSAGE_TEXT, NULL, 0, NULL);
  g_autoptr (WherryMessage) binary = wherry_message_new_take (WHERRY_MESSAGE_BINARY, NULL, 0, NULL);
  gsize length = 1;

  g_assert_nonnull (wherry_message_get_data (text, &length));
  g_assert_cmpuint (length, ==, 0);
  g_assert_nonnull (wherry_message_get_data (binary, NULL));
  g_assert_cmpuint (wherry_message_get_ppid (text), ==, WHERRY_PPID_STRING_EMPTY);
  g_assert_cmpuint (wherry_message_get_ppid (binary), ==, WHERRY_PPID_BINARY_EMPTY);
}

static void
test_budget (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (1000);
  WherryMessage *copied
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "abc", 3, budget);
  WherryMessage *taken
      = wherry_message_new_take (WHERRY_MESSAGE_BINARY, g_malloc0 (800), 800, budget);

  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 803 + 2 * WHERRY_MESSAGE_OVERHEAD);
  g_assert_true (wherry_budget_is_over (budget));
  wherry_message_ref (taken);
  wherry_message_unref (taken);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 803 + 2 * WHERRY_MESSAGE_OVERHEAD);
  wherry_message_unref (taken);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 3 + WHERRY_MESSAGE_OVERHEAD);
  wherry_message_unref (copied);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
}

static void
test_ppids (void)
{
  static const struct
  {
    guint32 ppid;
    WherryMessageKind kind;
    gboolean empty;
  } known[] = {
    { 50, WHERRY_MESSAGE_CONTROL, FALSE }, { 51, WHERRY_MESSAGE_TEXT, FALSE },
    { 52, WHERRY_MESSAGE_BINARY, FALSE },  { 53, WHERRY_MESSAGE_BINARY, FALSE },
    { 54, WHERRY_MESSAGE_TEXT, FALSE },    { 56, WHERRY_MESSAGE_TEXT, TRUE },
    { 57, WHERRY_MESSAGE_BINARY, TRUE },
  };
  static const guint32 unknown[] = { 0, 49, 55, 58, 0x33000000, G_MAXUINT32 };
  WherryMessageKind kind;
  gboolean empty;

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_assert_true (wherry_message_kind_from_ppid (known[i].ppid, &kind, &empty));
      g_assert_cmpint (kind, ==, known[i].kind);
      g_assert_cmpint (empty, ==, known[i].empty);
    }
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    g_assert_false (wherry_message_kind_from_ppid (unknown[i], &kind, &empty));
}

static void
test_ppid_of_kind (void)
{
  g_autoptr (WherryMessage) text
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "a", 1, NULL);
  g_autoptr (WherryMessage) binary
      = wherry_message_new (WHERRY_MESSAGE_BINARY, (const guint8 *) "a", 1, NULL);
  g_autoptr (WherryMessage) control
      = wherry_message_new (WHERRY_MESSAGE_CONTROL, (const guint8 *) "\2", 1, NULL);

  g_assert_cmpuint (wherry_message_get_ppid (text), ==, 51);
  g_assert_cmpuint (wherry_message_get_ppid (binary), ==, 53);
  g_assert_cmpuint (wherry_message_get_ppid (control), ==, 50);
}

static gpointer
ref_and_unref (gpointer data)
{
  for (guint i = 0; i < 10000; i++)
    wherry_message_unref (wherry_message_ref (data));
  wherry_message_unref (data);
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (1000);
  WherryMessage *message
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "x", 1, budget);
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ref", ref_and_unref, wherry_message_ref (message));
  wherry_message_unref (message);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/copies-its-data", test_copy);
  g_test_add_func ("/message/takes-a-buffer", test_take);
  g_test_add_func ("/message/empty-has-its-own-ppid", test_empty);
  g_test_add_func ("/message/charges-the-budget-once", test_budget);
  g_test_add_func ("/message/ppids", test_ppids);
  g_test_add_func ("/message/ppid-of-kind", test_ppid_of_kind);
  g_test_add_func ("/message/last-of-many-threads-frees", test_threads);
  return g_test_run ();
}
