/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/file/wherry-file-meeting.h"

/* Senders and receivers in a room that is nothing but a queue. */

typedef struct _Room Room;

typedef struct
{
  Room *room;
  char *id;
  WherryFileMeeting *meeting;
  guint met, lost, refused;
  GError *failed;
  GPtrArray *records; /* of GBytes */
} End;

struct _Room
{
  GPtrArray *ends; /* of End */
  GQueue queue;    /* of Message */
  guint8 flip;     /* xored into the last byte of each sealed message */
};

typedef struct
{
  char *from, *to;
  GBytes *bytes;
} Message;

static WherryFileSecret right, wrong;

static void
message_free (Message *message)
{
  g_free (message->from);
  g_free (message->to);
  g_bytes_unref (message->bytes);
  g_free (message);
}

static void
on_send (const char *to, GBytes *bytes, gboolean sealed, gpointer data)
{
  End *end = data;
  Message *message = g_new0 (Message, 1);
  gsize length;
  guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, &length), g_bytes_get_size (bytes));

  if (copy[0] == WHERRY_FILE_GREETING_SEALED)
    copy[length - 1] ^= end->room->flip;
  message->from = g_strdup (end->id);
  message->to = g_strdup (to);
  message->bytes = g_bytes_new_take (copy, length);
  g_queue_push_tail (&end->room->queue, message);
}

static void
on_met (const char *member, gpointer data)
{
  ((End *) data)->met++;
}

static void
on_record (GBytes *record, gpointer data)
{
  g_ptr_array_add (((End *) data)->records, g_bytes_ref (record));
}

static void
on_lost (gpointer data)
{
  ((End *) data)->lost++;
}

static void
on_refused (WherryFileRefusal why, gpointer data)
{
  ((End *) data)->refused++;
}

static void
on_failed (const GError *error, gpointer data)
{
  End *end = data;

  g_assert_null (end->failed);
  end->failed = g_error_copy (error);
}

static void
end_free (gpointer data)
{
  End *end = data;

  wherry_file_meeting_free (end->meeting);
  g_clear_error (&end->failed);
  g_ptr_array_unref (end->records);
  g_free (end->id);
  g_free (end);
}

static void
room_init (Room *room)
{
  memset (room, 0, sizeof *room);
  room->ends = g_ptr_array_new_with_free_func (end_free);
  g_queue_init (&room->queue);
}

static void
room_clear (Room *room)
{
  g_queue_clear_full (&room->queue, (GDestroyNotify) message_free);
  g_ptr_array_unref (room->ends);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Room, room_clear)

static End *
add (Room *room, const char *id, gboolean is_sender, const WherryFileSecret *secret)
{
  const WherryFileMeetingHooks hooks
      = { on_send, on_met, on_record, on_lost, on_refused, on_failed };
  End *end = g_new0 (End, 1);

  end->room = room;
  end->id = g_strdup (id);
  end->records = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  end->meeting = wherry_file_meeting_new (secret, is_sender, 0, &hooks, end);
  g_ptr_array_add (room->ends, end);
  wherry_file_meeting_open (end->meeting);
  return end;
}

static void
deliver (Room *room, const Message *message)
{
  for (guint i = 0; i < room->ends->len; i++)
    {
      End *end = g_ptr_array_index (room->ends, i);

      if (strcmp (end->id, message->from) != 0
          && (message->to == NULL || strcmp (message->to, end->id) == 0))
        wherry_file_meeting_take (end->meeting, message->from, message->bytes);
    }
}

static void
run (Room *room)
{
  for (guint i = 0; room->queue.length > 0; i++)
    {
      Message *message = g_queue_pop_head (&room->queue);

      g_assert_cmpuint (i, <, 1000); /* or they would greet each other for ever */
      deliver (room, message);
      message_free (message);
    }
}

static void
say (End *end, const char *text)
{
  g_autoptr (GBytes) record = g_bytes_new (text, strlen (text));

  wherry_file_meeting_send (end->meeting, record);
  wherry_file_meeting_flush (end->meeting);
  run (end->room);
}

static void
assert_heard (const End *end, const char *text)
{
  GBytes *last = g_ptr_array_index (end->records, end->records->len - 1);

  g_assert_cmpmem (g_bytes_get_data (last, NULL), g_bytes_get_size (last), text, strlen (text));
}

static void
assert_replaced (const End *end)
{
  GBytes *last = g_ptr_array_index (end->records, end->records->len - 1);
  WherryFileRecord record;
  gsize length;
  const guint8 *data = g_bytes_get_data (last, &length);

  g_assert_true (wherry_file_record_parse (&record, data, length, NULL));
  g_assert_cmpuint (record.type, ==, WHERRY_FILE_RECORD_ABORT);
  g_assert_cmpuint (record.flag, ==, WHERRY_FILE_ERROR_REPLACED);
}

static void
test_either_order (void)
{
  for (guint sender_first = 0; sender_first < 2; sender_first++)
    {
      g_auto (Room) room;
      End *sender, *receiver;

      room_init (&room);
      sender = sender_first ? add (&room, "s", TRUE, &right) : NULL;
      run (&room);
      receiver = add (&room, "r", FALSE, &right);
      run (&room);
      if (!sender_first)
        sender = add (&room, "s", TRUE, &right);
      run (&room);
      g_assert_cmpuint (sender->met, ==, 1);
      /* the receiver knows that it is met when something comes */
      say (sender, "offer");
      g_assert_cmpuint (receiver->met, ==, 1);
      assert_heard (receiver, "offer");
      say (receiver, "have");
      assert_heard (sender, "have");
      g_assert_cmpstr (wherry_file_meeting_get_member (sender->meeting), ==, "r");
    }
}

static void
test_wrong_code (void)
{
  g_auto (Room) room;
  End *sender, *guesser, *receiver;

  room_init (&room);
  sender = add (&room, "s", TRUE, &right);
  guesser = add (&room, "g", FALSE, &wrong);
  run (&room);
  g_assert_cmpuint (guesser->refused, >=, 1);
  g_assert_cmpuint (sender->met, ==, 0);
  receiver = add (&room, "r", FALSE, &right);
  run (&room);
  say (sender, "offer");
  assert_heard (receiver, "offer");
  g_assert_cmpuint (guesser->records->len, ==, 0);
  g_assert_cmpuint (receiver->refused, ==, 0);
}

static void
test_guesses (void)
{
  g_auto (Room) room;
  End *sender, *guesser;

  room_init (&room);
  sender = add (&room, "s", TRUE, &right);
  guesser = add (&room, "g", FALSE, &wrong);
  for (guint i = 0; sender->failed == NULL; i++)
    {
      g_assert_cmpuint (i, <, WHERRY_FILE_GUESSES_MAX);
      run (&room);
      wherry_file_meeting_open (guesser->meeting);
    }
  g_assert_cmpuint (guesser->refused, ==, WHERRY_FILE_GUESSES_MAX);
  run (&room);
  g_assert_error (sender->failed, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNVERIFIED);
  /* it speaks with nobody any more, whatever they know */
  add (&room, "r", FALSE, &right);
  run (&room);
  g_assert_cmpuint (sender->met, ==, 0);
}

/* Whoever was killed comes back as another member, and takes its own place. */
static void
test_comes_back (void)
{
  g_auto (Room) room;
  End *sender, *receiver, *again;

  room_init (&room);
  sender = add (&room, "s", TRUE, &right);
  receiver = add (&room, "r", FALSE, &right);
  run (&room);
  say (sender, "offer");
  again = add (&room, "r2", FALSE, &right);
  run (&room);
  g_assert_cmpuint (sender->met, ==, 2);
  g_assert_cmpuint (sender->lost, ==, 1);
  say (sender, "again");
  assert_heard (again, "again");
  /* if it was not killed, it hears of it, and does not take its place back */
  assert_replaced (receiver);
  wherry_file_meeting_lose (receiver->meeting);
  wherry_file_meeting_open (receiver->meeting);
  run (&room);
  g_assert_cmpuint (receiver->refused, ==, 1);
  g_assert_cmpuint (sender->met, ==, 2);
  sender = add (&room, "s2", TRUE, &right);
  run (&room);
  say (sender, "third");
  g_assert_cmpuint (again->met, ==, 2);
  g_assert_cmpuint (again->lost, ==, 1);
  assert_heard (again, "third");
}

static void
test_left (void)
{
  g_auto (Room) room;
  End *sender;

  room_init (&room);
  sender = add (&room, "s", TRUE, &right);
  add (&room, "r", FALSE, &right);
  run (&room);
  wherry_file_meeting_leave (sender->meeting, "x");
  g_assert_cmpuint (sender->lost, ==, 0);
  wherry_file_meeting_leave (sender->meeting, "r");
  g_assert_cmpuint (sender->lost, ==, 1);
  g_assert_null (wherry_file_meeting_get_member (sender->meeting));
  say (sender, "into the void");
}

/* Somebody who listened says it all again: a session goes on, and no keys are used twice. */
static void
test_repeated (void)
{
  g_auto (Room) room;
  End *sender, *receiver;
  g_autoptr (GPtrArray) heard = g_ptr_array_new_with_free_func ((GDestroyNotify) message_free);

  room_init (&room);
  sender = add (&room, "s", TRUE, &right);
  receiver = add (&room, "r", FALSE, &right);
  while (room.queue.length > 0)
    {
      Message *message = g_queue_pop_head (&room.queue);

      deliver (&room, message);
      g_ptr_array_add (heard, message);
    }
  say (sender, "offer");
  for (guint i = 0; i < heard->len; i++)
    {
      const Message *old = g_ptr_array_index (heard, i);

      if (g_bytes_get_size (old->bytes) > 2
          && *(const guint8 *) g_bytes_get_data (old->bytes, NULL) != WHERRY_FILE_GREETING_SEALED)
        deliver (&room, old);
      run (&room);
    }
  g_assert_cmpuint (sender->met, ==, 1);
  say (sender, "more");
  assert_heard (receiver, "more");
  g_assert_cmpuint (receiver->met, ==, 1);
}

/* A relay that changes what it carries: three times, then it is no accident. */
static void
test_changed (void)
{
  g_auto (Room) room;
  End *sender, *receiver;

  room_init (&room);
  room.flip = 1;
  sender = add (&room, "s", TRUE, &right);
  receiver = add (&room, "r", FALSE, &right);
  run (&room);
  g_assert_error (sender->failed, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNVERIFIED);
  g_assert_cmpuint (sender->met + receiver->met, ==, 0);
}

static void
test_noise (void)
{
  g_auto (Room) room;
  End *sender, *receiver;
  guint8 noise[200];

  room_init (&room);
  sender = add (&room, "s", TRUE, &right);
  receiver = add (&room, "r", FALSE, &right);
  run (&room);
  say (sender, "offer");
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GBytes) bytes = NULL;

      for (guint j = 0; j < sizeof noise; j++)
        noise[j] = (guint8) g_test_rand_int ();
      noise[0] %= 20;
      noise[1] = noise[0] == WHERRY_FILE_GREETING_HELLO ? 0 : WHERRY_FILE_VERSION;
      bytes = g_bytes_new (noise, (gsize) g_test_rand_int_range (0, sizeof noise));
      wherry_file_meeting_take (sender->meeting, "x", bytes);
      wherry_file_meeting_take (receiver->meeting, "x", bytes);
      g_queue_clear_full (&room.queue, (GDestroyNotify) message_free);
    }
  say (sender, "more");
  assert_heard (receiver, "more");
  g_assert_cmpuint (sender->lost + receiver->lost, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  memset (right.key, 1, sizeof right.key);
  memset (right.proof, 2, sizeof right.proof);
  memset (wrong.key, 3, sizeof wrong.key);
  memset (wrong.proof, 4, sizeof wrong.proof);
  g_test_add_func ("/file-meeting/either-order", test_either_order);
  g_test_add_func ("/file-meeting/wrong-code", test_wrong_code);
  g_test_add_func ("/file-meeting/guesses", test_guesses);
  g_test_add_func ("/file-meeting/comes-back", test_comes_back);
  g_test_add_func ("/file-meeting/left", test_left);
  g_test_add_func ("/file-meeting/repeated", test_repeated);
  g_test_add_func ("/file-meeting/changed", test_changed);
  g_test_add_func ("/file-meeting/noise", test_noise);
  return g_test_run ();
}
