/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-log.h"

static GHashTable *last; /* field -> value of the line written last */
static GLogLevelFlags last_level;
static guint n_lines;

static GLogWriterOutput
capture (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  n_lines++;
  last_level = level;
  g_hash_table_remove_all (last);
  for (gsize i = 0; i < n_fields; i++)
    g_hash_table_insert (last, g_strdup (fields[i].key), g_strdup (fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

static void
assert_field (const char *key, const char *value)
{
  g_assert_cmpstr (g_hash_table_lookup (last, key), ==, value);
}

static void
test_fields (void)
{
  WherryLogContext context = { .peer = "00000000000000aa", .room = "lobby", .channel = "chat" };

  wherry_warning (&context, "Closing: %s", "slow");
  g_assert_cmpint (last_level, ==, G_LOG_LEVEL_WARNING);
  assert_field ("MESSAGE", "Closing: slow");
  assert_field ("PRIORITY", "4");
  assert_field ("GLIB_DOMAIN", "wherry-test");
  assert_field ("PEER", "00000000000000aa");
  assert_field ("ROOM", "lobby");
  assert_field ("CHANNEL", "chat");
  assert_field ("CODE_FUNC", "test_fields");
  g_assert_nonnull (strstr (g_hash_table_lookup (last, "CODE_FILE"), "test-log.c"));
  g_assert_nonnull (g_hash_table_lookup (last, "CODE_LINE"));
}

static void
test_no_context (void)
{
  WherryLogContext context = { .peer = "00000000000000aa" };

  wherry_message (NULL, "Started");
  assert_field ("PRIORITY", "5");
  assert_field ("PEER", NULL);
  wherry_message (&context, "Joined");
  assert_field ("PEER", "00000000000000aa");
  assert_field ("ROOM", NULL);
}

static void
test_copied_context (void)
{
  char peer[] = "00000000000000aa";
  const WherryLogContext context = { .peer = peer, .channel = "chat" };
  WherryLogContext copy;

  wherry_log_context_copy (&copy, &context);
  peer[0] = 'x';
  wherry_message (&copy, "Joined");
  assert_field ("PEER", "00000000000000aa");
  assert_field ("ROOM", NULL);
  assert_field ("CHANNEL", "chat");
  wherry_log_context_clear (&copy);
  g_assert_null (copy.peer);
  wherry_log_context_copy (&copy, NULL);
  wherry_message (&copy, "Joined");
  assert_field ("PEER", NULL);
  wherry_log_context_clear (&copy);
}

static void
test_a_name_cannot_write_a_line (void)
{
  wherry_message (NULL, "Joined: %s", "eve\nwherryd: all is well\033[2J\x7f");
  assert_field ("MESSAGE", "Joined: eve?wherryd: all is well?[2J?");
}

static void
test_debug_only_if_asked_for (void)
{
  guint before = n_lines;

  g_unsetenv ("G_MESSAGES_DEBUG");
  wherry_debug (NULL, "Packet of %d bytes", 1);
  wherry_info (NULL, "Candidate %d", 1);
  g_assert_cmpuint (n_lines, ==, before);
  g_setenv ("G_MESSAGES_DEBUG", "wherry-test", TRUE);
  wherry_debug (NULL, "Packet of %d bytes", 2);
  g_assert_cmpuint (n_lines, ==, before + 1);
  assert_field ("PRIORITY", "7");
  wherry_info (NULL, "Candidate %d", 2);
  assert_field ("PRIORITY", "6");
}

static void
test_a_bug_is_counted (void)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_BUGS);

  wherry_bug ("Outbox of %d bytes", -1);
  g_assert_cmpint (last_level, ==, G_LOG_LEVEL_CRITICAL);
  assert_field ("MESSAGE", "Outbox of -1 bytes");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BUGS), ==, before + 1);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_log_set_writer_func (capture, NULL, NULL);
  g_test_add_func ("/log/fields", test_fields);
  g_test_add_func ("/log/no-context", test_no_context);
  g_test_add_func ("/log/copied-context", test_copied_context);
  g_test_add_func ("/log/a-name-cannot-write-a-line", test_a_name_cannot_write_a_line);
  g_test_add_func ("/log/debug-only-if-asked-for", test_debug_only_if_asked_for);
  g_test_add_func ("/log/a-bug-is-counted", test_a_bug_is_counted);
  status = g_test_run ();
  g_hash_table_unref (last);
  return status;
}
