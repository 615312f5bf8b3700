/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "relay/wherry-topic-log.h"

#define ANN 1u
#define BOB 2u
#define CYN 3u
#define CHARGE(n) ((gsize) (n) * (WHERRY_MESSAGE_OVERHEAD + 1))

typedef struct
{
  WherryLogShare *share;
  WherryTopicLog *log;
  guint64 sequence;
  guint64 direct;
  gint64 now_us;
} Scene;

static void
set_up (Scene *self, const WherryKeep *keep)
{
  *self = (Scene){ .share = wherry_log_share_new (G_MAXSIZE / 2) };
  self->log = wherry_topic_log_new (keep, self->share);
}

static void
clear (Scene *self)
{
  g_clear_pointer (&self->log, wherry_topic_log_free);
  g_assert_cmpuint (wherry_log_share_get_used (self->share), ==, 0);
  g_clear_pointer (&self->share, wherry_log_share_unref);
}

static void
add (Scene *self, guint64 sender, guint64 recipient, const char *text)
{
  g_autoptr (WherryMessage) of = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) text,
                                                     text[0] != '\0' ? 1 : 0, NULL);
  const WherryStamp stamp = {
    .sender = sender,
    .recipient = recipient,
    .sequence = recipient == 0 ? ++self->sequence : ++self->direct,
    .time_us = self->now_us,
  };
  g_autoptr (WherryMessage) message
      = wherry_message_new_stamped (of, 0, WHERRY_MESSAGE_TEXT, &stamp);

  wherry_topic_log_append (self->log, message, self->now_us);
}

static void
add_all (Scene *self, guint64 sender, const char *letters)
{
  for (; *letters != '\0'; letters++)
    add (self, sender, 0, (const char[]){ *letters, '\0' });
}

static char *
text_of (GPtrArray *messages)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < messages->len; i++)
    {
      gsize length;
      const guint8 *data = wherry_message_get_data (messages->pdata[i], &length);

      g_string_append_len (text, (const char *) data, (gssize) length);
    }
  return g_string_free (text, FALSE);
}

static void
assert_history (Scene *self, guint n, guint64 member, const char *expected)
{
  g_autoptr (GPtrArray) out
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);
  g_autofree char *text = NULL;

  wherry_topic_log_get_history (self->log, n, member, self->now_us, out);
  text = text_of (out);
  g_assert_cmpstr (text, ==, expected);
}

/* expected: NULL: not kept any more */
static void
assert_missed (Scene *self, guint64 member, guint64 seen, guint64 direct, const char *expected)
{
  g_autoptr (GPtrArray) out
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);
  g_autofree char *text = NULL;

  g_assert_cmpint (wherry_topic_log_get_missed (self->log, member, seen, direct, out), ==,
                   expected != NULL);
  text = text_of (out);
  g_assert_cmpstr (text, ==, expected != NULL ? expected : "");
}

static void
test_by_count (void)
{
  const WherryKeep keep = { .messages = 3, .bytes = G_MAXSIZE, .age_us = G_MAXINT64 };
  Scene self;

  set_up (&self, &keep);
  assert_history (&self, 10, CYN, "");
  add_all (&self, ANN, "abcde");
  assert_history (&self, 10, CYN, "cde");
  assert_history (&self, 2, CYN, "de");
  assert_history (&self, 0, CYN, "");
  assert_history (&self, 10, ANN, "");
  g_assert_cmpuint (wherry_topic_log_get_length (self.log), ==, 3);
  g_assert_cmpuint (wherry_topic_log_get_first (self.log), ==, 3);
  clear (&self);
}

static void
test_by_bytes (void)
{
  const WherryKeep keep = { .messages = G_MAXUINT, .bytes = CHARGE (2), .age_us = G_MAXINT64 };
  Scene self;

  set_up (&self, &keep);
  add_all (&self, ANN, "abcde");
  assert_history (&self, 10, CYN, "de");
  g_assert_cmpuint (wherry_topic_log_get_bytes (self.log), ==, CHARGE (2));
  clear (&self);
}

static void
test_by_age (void)
{
  const WherryKeep keep = { .messages = G_MAXUINT, .bytes = G_MAXSIZE, .age_us = 10 };
  Scene self;

  set_up (&self, &keep);
  for (const char *p = "abcde"; *p != '\0'; p++, self.now_us += 5)
    add (&self, ANN, 0, (const char[]){ *p, '\0' });
  self.now_us -= 5;
  assert_history (&self, 10, CYN, "cde");
  self.now_us += 5; /* nothing was added, and it is too old all the same */
  assert_history (&self, 10, CYN, "de");
  clear (&self);
}

static void
test_retained (void)
{
  const WherryKeep keep = { .retain = TRUE, .bytes = G_MAXSIZE, .age_us = G_MAXINT64 };
  Scene self;

  set_up (&self, &keep);
  assert_history (&self, 0, CYN, "");
  add_all (&self, ANN, "abc");
  g_assert_cmpuint (wherry_topic_log_get_length (self.log), ==, 0);
  assert_history (&self, 0, CYN, "c");
  assert_history (&self, 5, CYN, "c");
  add (&self, ANN, BOB, "x");
  assert_history (&self, 0, BOB, "c");
  add (&self, ANN, 0, "");
  assert_history (&self, 0, CYN, "");
  clear (&self);
}

/* Direct messages are no part of anybody's history, and of what only one has missed. */
static void
test_missed (void)
{
  const WherryKeep keep = { .resume_bytes = G_MAXSIZE };
  Scene self;

  set_up (&self, &keep);
  add_all (&self, ANN, "abc");
  add (&self, ANN, BOB, "1");
  add_all (&self, CYN, "d");
  add (&self, ANN, BOB, "2");
  add_all (&self, BOB, "e");
  assert_missed (&self, BOB, 0, 0, "abc1d2");
  assert_missed (&self, BOB, 3, 0, "1d2");
  assert_missed (&self, BOB, 4, 1, "2");
  assert_missed (&self, BOB, 2, 2, "cd");
  assert_missed (&self, BOB, 5, 2, "");
  assert_missed (&self, BOB, 99, 99, "");
  assert_missed (&self, CYN, 0, 0, "abce");
  assert_history (&self, 10, CYN, "");
  clear (&self);
}

static void
test_not_kept_any_more (void)
{
  const WherryKeep keep = { .resume_bytes = CHARGE (3) };
  Scene self;

  set_up (&self, &keep);
  add_all (&self, ANN, "abcde");
  assert_missed (&self, BOB, 2, 0, "cde");
  assert_missed (&self, BOB, 1, 0, NULL);
  assert_missed (&self, ANN, 0, 0, ""); /* all that was dropped is its own */
  add (&self, ANN, BOB, "1");
  add_all (&self, CYN, "fgh");
  assert_missed (&self, BOB, 5, 1, "fgh");
  assert_missed (&self, BOB, 5, 0, NULL);
  assert_missed (&self, CYN, 5, 0, "");
  assert_missed (&self, CYN, 4, 0, NULL);
  wherry_topic_log_forget (self.log, BOB);
  assert_missed (&self, BOB, 5, 0, "fgh");
  add_all (&self, CYN, "ijkl");
  assert_missed (&self, CYN, 5, 0, "");
  assert_missed (&self, CYN, 4, 0, NULL);
  clear (&self);
}

/* What resuming needs is kept beyond the history, which does not grow by it. */
static void
test_both (void)
{
  const WherryKeep keep
      = { .messages = 2, .bytes = G_MAXSIZE, .age_us = G_MAXINT64, .resume_bytes = CHARGE (4) };
  Scene self;

  set_up (&self, &keep);
  add_all (&self, ANN, "abcdef");
  g_assert_cmpuint (wherry_topic_log_get_length (self.log), ==, 4);
  assert_history (&self, 10, CYN, "ef");
  assert_missed (&self, CYN, 2, 0, "cdef");
  clear (&self);
}

static void
test_share (void)
{
  const WherryKeep keep = { .resume_bytes = G_MAXSIZE };
  Scene self = { .share = wherry_log_share_new (CHARGE (4)) };
  g_autoptr (WherryTopicLog) other = wherry_topic_log_new (&keep, self.share);
  WherryTopicLog *mine;

  self.log = mine = wherry_topic_log_new (&keep, self.share);
  add_all (&self, ANN, "abc");
  self.log = other;
  add_all (&self, ANN, "de");
  g_assert_cmpuint (wherry_log_share_get_used (self.share), ==, CHARGE (4));
  g_assert_cmpuint (wherry_topic_log_get_length (other), ==, 1);
  g_assert_cmpuint (wherry_topic_log_get_length (mine), ==, 3);
  g_clear_pointer (&other, wherry_topic_log_free);
  self.log = mine;
  clear (&self);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/topic-log/history-by-count", test_by_count);
  g_test_add_func ("/topic-log/history-by-bytes", test_by_bytes);
  g_test_add_func ("/topic-log/history-by-age", test_by_age);
  g_test_add_func ("/topic-log/retained-value", test_retained);
  g_test_add_func ("/topic-log/what-was-missed", test_missed);
  g_test_add_func ("/topic-log/what-is-not-kept-is-known", test_not_kept_any_more);
  g_test_add_func ("/topic-log/both", test_both);
  g_test_add_func ("/topic-log/all-logs-together", test_share);
  return g_test_run ();
}
