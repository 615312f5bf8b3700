/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "channel/wherry-channel-set.h"
#include "fixtures/wherry-fake-stream.h"
#include "fixtures/wherry-wait.h"
#include "wire/wherry-dcep.h"

/* Two channel sets over a fake pair; a is the DTLS client. What happens is written down as words.
 */
typedef struct
{
  WherryFakeStream *stream;
  WherryChannelSet *set;
  GString *log;
  WherryChannel *last_incoming;
  gboolean accept;
  gboolean close_in_message;
  guint n_messages;
  gsize last_length;
} End;

typedef struct
{
  End a;
  End b;
} Fixture;

static const WherryChannelInit plain = {
  .label = "plain", .protocol = "", .ordered = TRUE, .priority = 256, .id = WHERRY_CHANNEL_ID_NONE
};

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  End *end = user_data;

  g_string_append_printf (end->log, "%s ", wherry_transport_state_to_string (state));
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  End *end = user_data;

  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_INCOMING);
  g_string_append_printf (end->log, "incoming:%s ", wherry_channel_get_label (channel));
  g_set_object (&end->last_incoming, channel);
  if (end->accept)
    wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  End *end = user_data;

  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_OPEN);
  g_string_append_printf (end->log, "open:%s:%u ", wherry_channel_get_label (channel),
                          wherry_channel_get_id (channel));
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  End *end = user_data;

  end->n_messages++;
  end->last_length = wherry_message_get_length (message);
  g_string_append_printf (end->log, "message:%s ", wherry_channel_get_label (channel));
  if (end->close_in_message)
    wherry_channel_close (channel);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  End *end = user_data;

  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CLOSED);
  g_string_append_printf (end->log, "closed:%s ", wherry_channel_get_label (channel));
}

static void
on_writable (gpointer user_data)
{
  End *end = user_data;

  g_string_append (end->log, "writable ");
}

static const WherryChannelSetEvents events = {
  .state = on_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
  .writable = on_writable,
};

static void
end_init (End *end, WherryFakeStream *stream, guint max_channels)
{
  *end = (End){ .stream = stream, .accept = TRUE };
  end->log = g_string_new (NULL);
  end->set = wherry_channel_set_new (max_channels, &events, end);
}

static void
end_clear (End *end)
{
  gpointer set = end->set;
  gpointer stream = end->stream;
  gpointer incoming = end->last_incoming;

  wherry_channel_set_close (end->set);
  if (incoming != NULL)
    g_object_add_weak_pointer (incoming, &incoming);
  g_clear_object (&end->last_incoming);
  g_assert_null (incoming);
  g_object_add_weak_pointer (G_OBJECT (set), &set);
  g_object_unref (end->set);
  g_assert_null (set);
  g_object_add_weak_pointer (G_OBJECT (stream), &stream);
  g_object_unref (end->stream);
  WHERRY_WAIT_UNTIL (NULL, stream == NULL);
  g_string_free (end->log, TRUE);
}

static void
fixture_init (Fixture *f, const WherryFakeStreamOptions *options)
{
  WherryFakeStream *a;
  WherryFakeStream *b;

  wherry_fake_stream_new_pair (options, NULL, NULL, &a, &b);
  end_init (&f->a, a, 8);
  end_init (&f->b, b, 8);
}

static void
attach (Fixture *f)
{
  wherry_channel_set_attach (f->a.set, WHERRY_STREAM_TRANSPORT (f->a.stream), TRUE);
  wherry_channel_set_attach (f->b.set, WHERRY_STREAM_TRANSPORT (f->b.stream), FALSE);
}

static void
fixture_clear (Fixture *f)
{
  end_clear (&f->a);
  end_clear (&f->b);
}

/* Until nothing more happens: the fake needs no time. */
static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static WherryChannel *
create (End *end, const WherryChannelInit *init)
{
  g_autoptr (GError) error = NULL;
  WherryChannel *channel = wherry_channel_set_create (end->set, init, &error);

  g_assert_no_error (error);
  g_assert_nonnull (channel);
  return channel;
}

static WherrySendResult
say (WherryChannel *channel, const char *text)
{
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) text, strlen (text), NULL);

  return wherry_channel_send (channel, message);
}

static void
send_raw (WherryFakeStream *stream, guint16 id, WherryMessageKind kind, const guint8 *data,
          gsize length)
{
  WherrySendOptions options = { .ordered = TRUE };
  g_autoptr (WherryMessage) message = wherry_message_new (kind, data, length, NULL);

  g_assert_cmpint (wherry_stream_transport_send (WHERRY_STREAM_TRANSPORT (stream), id, &options,
                                                 message),
                   ==, WHERRY_SEND_OK);
}

static void
send_raw_open (WherryFakeStream *stream, guint16 id)
{
  WherryDcepOpen open = { .ordered = TRUE, .label = (char *) "raw" };
  gsize length;
  g_autofree guint8 *data = wherry_dcep_open_write (&open, &length, NULL);

  send_raw (stream, id, WHERRY_MESSAGE_CONTROL, data, length);
}

static void
test_in_band (void)
{
  Fixture f;
  WherryChannel *channel;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  channel = create (&f.a, &plain);
  g_assert_cmpuint (wherry_channel_get_id (channel), ==, 0);
  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CONNECTING);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "connected writable open:plain:0 ");
  g_assert_cmpstr (f.b.log->str, ==, "connected writable incoming:plain open:plain:0 ");
  g_assert_cmpint (say (channel, "hello"), ==, WHERRY_SEND_OK);
  g_assert_cmpint (say (f.b.last_incoming, "there"), ==, WHERRY_SEND_OK);
  settle ();
  g_assert_cmpuint (f.a.n_messages, ==, 1);
  g_assert_cmpuint (f.b.n_messages, ==, 1);
  fixture_clear (&f);
}

static void
test_all_kept (void)
{
  static const WherryReliability kinds[]
      = { WHERRY_RELIABLE, WHERRY_MAX_RETRANSMITS, WHERRY_MAX_PACKET_LIFE_TIME };
  Fixture f;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  for (guint i = 0; i < 6; i++)
    {
      WherryChannelInit init = { .label = "żółw",
                                 .protocol = "wherry.1",
                                 .ordered = i % 2 == 0,
                                 .reliability = kinds[i / 2],
                                 .reliability_value = i / 2 == 0 ? 0 : 7,
                                 .priority = (guint16) (128u << (i % 4)),
                                 .id = WHERRY_CHANNEL_ID_NONE };
      const WherryChannelInit *got;

      create (&f.b, &init);
      settle ();
      got = wherry_channel_get_init (f.a.last_incoming);
      g_assert_cmpstr (got->label, ==, init.label);
      g_assert_cmpstr (got->protocol, ==, init.protocol);
      g_assert_cmpint (got->ordered, ==, init.ordered);
      g_assert_cmpint (got->reliability, ==, init.reliability);
      g_assert_cmpuint (got->reliability_value, ==, init.reliability_value);
      g_assert_cmpuint (got->priority, ==, init.priority);
      g_assert_false (got->negotiated);
      g_assert_cmpuint (got->id, ==, 2 * i + 1);
    }
  fixture_clear (&f);
}

static void
test_before_attach (void)
{
  WherryFakeStreamOptions options = { .unconnected = TRUE };
  Fixture f;
  WherryChannel *channel;
  WherryChannelInit negotiated = plain;

  fixture_init (&f, &options);
  channel = create (&f.a, &plain);
  g_assert_cmpuint (wherry_channel_get_id (channel), ==, WHERRY_CHANNEL_ID_NONE);
  g_assert_cmpint (say (channel, "too soon"), ==, WHERRY_SEND_BLOCKED);
  negotiated.label = "negotiated";
  negotiated.negotiated = TRUE;
  negotiated.id = 1000;
  create (&f.a, &negotiated);
  create (&f.b, &negotiated);
  attach (&f);
  g_assert_cmpuint (wherry_channel_get_id (channel), ==, 0);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  wherry_fake_stream_connect (f.a.stream);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "connected open:negotiated:1000 writable open:plain:0 ");
  g_assert_cmpstr (f.b.log->str, ==,
                   "connected open:negotiated:1000 writable incoming:plain open:plain:0 ");
  fixture_clear (&f);
}

static void
test_more_streams (void)
{
  WherryFakeStreamOptions options = { .streams_max = 2000 };
  Fixture f;
  WherryChannelInit init = plain;

  fixture_init (&f, &options);
  attach (&f);
  settle ();
  init.negotiated = TRUE;
  init.id = 1000;
  g_assert_cmpint (wherry_channel_get_state (create (&f.a, &init)), ==, WHERRY_CHANNEL_CONNECTING);
  settle ();
  g_assert_nonnull (strstr (f.a.log->str, "open:plain:1000"));
  /* more than there can be: it closes */
  init.label = "far";
  init.id = 3000;
  create (&f.a, &init);
  settle ();
  g_assert_nonnull (strstr (f.a.log->str, "closed:far"));
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 1);
  fixture_clear (&f);
}

static void
test_ordered_until_ack (void)
{
  Fixture f;
  WherryChannelInit init = plain;
  WherryChannel *channel;

  fixture_init (&f, NULL);
  attach (&f);
  f.b.accept = FALSE;
  settle ();
  init.ordered = FALSE;
  init.reliability = WHERRY_MAX_RETRANSMITS;
  init.reliability_value = 3;
  channel = create (&f.a, &init);
  g_assert_cmpint (say (channel, "at once"), ==, WHERRY_SEND_OK);
  g_assert_true (wherry_fake_stream_get_last_options (f.a.stream).ordered);
  settle ();
  /* it comes before the answer, and is delivered as it comes */
  g_assert_cmpuint (f.b.n_messages, ==, 1);
  g_assert_cmpint (say (f.b.last_incoming, "unaccepted"), ==, WHERRY_SEND_OK);
  g_assert_true (wherry_fake_stream_get_last_options (f.b.stream).ordered);
  settle ();
  /* any message acknowledges */
  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_OPEN);
  g_assert_cmpint (say (channel, "unordered"), ==, WHERRY_SEND_OK);
  g_assert_false (wherry_fake_stream_get_last_options (f.a.stream).ordered);
  g_assert_cmpint (wherry_fake_stream_get_last_options (f.a.stream).reliability, ==,
                   WHERRY_MAX_RETRANSMITS);
  g_assert_cmpuint (wherry_fake_stream_get_last_options (f.a.stream).value, ==, 3);
  wherry_channel_accept (f.b.last_incoming);
  g_assert_cmpint (say (f.b.last_incoming, "accepted"), ==, WHERRY_SEND_OK);
  g_assert_false (wherry_fake_stream_get_last_options (f.b.stream).ordered);
  settle ();
  g_assert_cmpuint (f.a.n_messages, ==, 2);
  fixture_clear (&f);
}

static void
test_close_and_reuse (void)
{
  Fixture f;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  for (guint round = 0; round < 3; round++)
    {
      WherryChannel *channel = create (&f.a, &plain);

      g_assert_cmpuint (wherry_channel_get_id (channel), ==, 0);
      settle ();
      g_assert_cmpint (say (channel, "last words"), ==, WHERRY_SEND_OK);
      wherry_channel_close (channel);
      g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CLOSING);
      g_assert_cmpint (say (channel, "no more"), ==, WHERRY_SEND_FAILED);
      /* not free until both directions are reset */
      g_assert_cmpuint (wherry_channel_get_id (create (&f.a, &plain)), ==, 2);
      settle ();
      g_assert_cmpuint (f.b.n_messages, ==, round + 1);
      g_assert_null (wherry_channel_set_lookup (f.a.set, 0));
      g_assert_null (wherry_channel_set_lookup (f.b.set, 0));
      wherry_channel_close (wherry_channel_set_lookup (f.b.set, 2));
      settle ();
      g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 0);
      g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, 0);
    }
  fixture_clear (&f);
}

static void
test_close_every_state (void)
{
  WherryFakeStreamOptions options = { .unconnected = TRUE };
  Fixture f;
  WherryChannel *channel;

  fixture_init (&f, &options);
  wherry_channel_close (create (&f.a, &plain)); /* before attach */
  attach (&f);
  wherry_channel_close (create (&f.a, &plain)); /* before the association */
  g_assert_cmpstr (f.a.log->str, ==, "closed:plain closed:plain ");
  wherry_fake_stream_connect (f.a.stream);
  settle ();
  g_string_truncate (f.a.log, 0);
  g_string_truncate (f.b.log, 0);

  /* right behind its OPEN */
  channel = create (&f.a, &plain);
  wherry_channel_close (channel);
  wherry_channel_close (channel);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "closed:plain ");
  g_assert_cmpstr (f.b.log->str, ==, "incoming:plain open:plain:0 closed:plain ");
  g_string_truncate (f.b.log, 0);

  /* theirs, not accepted */
  f.b.accept = FALSE;
  create (&f.a, &plain);
  settle ();
  wherry_channel_close (f.b.last_incoming);
  settle ();
  g_assert_cmpstr (f.b.log->str, ==, "incoming:plain closed:plain ");
  wherry_channel_accept (f.b.last_incoming);
  g_assert_cmpint (wherry_channel_get_state (f.b.last_incoming), ==, WHERRY_CHANNEL_CLOSED);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 0);

  /* both at once, and inside an event */
  f.b.accept = TRUE;
  f.b.close_in_message = TRUE;
  channel = create (&f.a, &plain);
  settle ();
  say (channel, "close, please");
  wherry_channel_close (channel);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 0);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, 0);
  fixture_clear (&f);
}

static void
test_open_blocked (void)
{
  WherryFakeStreamOptions options = { .window = 1000 };
  Fixture f;
  WherryChannel *first;
  WherryChannel *second;

  fixture_init (&f, &options);
  attach (&f);
  settle ();
  first = create (&f.a, &plain);
  settle ();
  wherry_fake_stream_set_stalled (f.b.stream, TRUE);
  while (say (first, "fill") == WHERRY_SEND_OK)
    ;
  second = create (&f.a, &plain);
  g_assert_cmpint (say (second, "no room for its OPEN"), ==, WHERRY_SEND_BLOCKED);
  g_object_ref (second); /* closing drops the set's */
  wherry_channel_close (second);
  g_assert_cmpint (wherry_channel_get_state (second), ==, WHERRY_CHANNEL_CLOSED);
  g_object_unref (second);
  second = create (&f.a, &plain);
  g_string_truncate (f.a.log, 0);
  wherry_fake_stream_set_stalled (f.b.stream, FALSE);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "writable open:plain:2 ");
  g_assert_cmpint (say (second, "now"), ==, WHERRY_SEND_OK);
  fixture_clear (&f);
}

static const WherryStreamTransportEvents deaf = { NULL };

static void
test_bad_peers (void)
{
  Fixture f;
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_DCEP_BAD);
  guint64 stray = wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA);
  WherryChannelInit init = plain;
  static const guint8 nonsense[] = { 0xff, 1, 2 };
  gsize length;
  const guint8 *ack = wherry_dcep_ack_get (&length);

  fixture_init (&f, NULL);
  wherry_channel_set_attach (f.a.set, WHERRY_STREAM_TRANSPORT (f.a.stream), TRUE);
  wherry_stream_transport_set_events (WHERRY_STREAM_TRANSPORT (f.b.stream), &deaf, NULL);
  init.negotiated = TRUE;
  init.id = 5;
  create (&f.a, &init);
  settle ();
  g_string_truncate (f.a.log, 0);

  send_raw (f.b.stream, 1, WHERRY_MESSAGE_CONTROL, nonsense, sizeof nonsense);
  send_raw (f.b.stream, 3, WHERRY_MESSAGE_CONTROL, nonsense, 0);
  send_raw (f.b.stream, 5, WHERRY_MESSAGE_CONTROL, nonsense, sizeof nonsense);
  send_raw_open (f.b.stream, 2); /* an id of ours */
  send_raw_open (f.b.stream, 5); /* negotiated */
  send_raw (f.b.stream, 5, WHERRY_MESSAGE_CONTROL, ack, length);
  send_raw (f.b.stream, 99, WHERRY_MESSAGE_CONTROL, ack, length);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DCEP_BAD) - bad, ==, 7);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 1);

  send_raw (f.b.stream, 7, WHERRY_MESSAGE_TEXT, nonsense, 1);
  send_raw (f.b.stream, 7, WHERRY_MESSAGE_TEXT, nonsense, 1);
  settle ();
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA) - stray, ==, 2);
  g_assert_cmpstr (f.a.log->str, ==, "");

  /* an OPEN on a stream in use leaves the channel as it was */
  send_raw_open (f.b.stream, 9);
  settle ();
  send_raw_open (f.b.stream, 9);
  send_raw (f.b.stream, 9, WHERRY_MESSAGE_TEXT, nonsense, 1);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "incoming:raw open:raw:9 message:raw ");
  fixture_clear (&f);
}

static void
test_refused_stream_can_be_used_later (void)
{
  Fixture f;
  WherryStreamTransport *raw;
  static const guint8 data[] = { 1 };

  fixture_init (&f, NULL);
  wherry_channel_set_attach (f.a.set, WHERRY_STREAM_TRANSPORT (f.a.stream), TRUE);
  raw = WHERRY_STREAM_TRANSPORT (f.b.stream);
  wherry_stream_transport_set_events (raw, &deaf, NULL);
  settle ();
  send_raw (f.b.stream, 7, WHERRY_MESSAGE_TEXT, data, 1);
  settle ();
  wherry_stream_transport_reset_stream (raw, 7);
  settle ();
  send_raw_open (f.b.stream, 7);
  settle ();
  g_assert_nonnull (wherry_channel_set_lookup (f.a.set, 7));
  fixture_clear (&f);
}

static void
test_limit (void)
{
  Fixture f;
  guint64 before = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  for (guint i = 0; i < 12; i++)
    create (&f.a, &plain);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.b.set), ==, 8);
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 8);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED) - before, ==, 4);
  /* ours do not count against it */
  create (&f.b, &plain);
  settle ();
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f.a.set), ==, 9);
  fixture_clear (&f);
}

static void
test_arguments (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;
  g_autofree char *label = g_strnfill (WHERRY_LABEL_MAX + 1, 'x');
  WherryChannelInit init = plain;

  fixture_init (&f, NULL);
  init.label = label;
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init.label = "\xff";
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init = plain;
  init.negotiated = TRUE;
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  init.id = 4;
  create (&f.a, &init);
  g_assert_null (wherry_channel_set_create (f.a.set, &init, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  wherry_channel_set_close (f.a.set);
  g_assert_null (wherry_channel_set_create (f.a.set, &plain, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  fixture_clear (&f);
}

static void
test_association_ends (void)
{
  Fixture f;

  fixture_init (&f, NULL);
  attach (&f);
  settle ();
  say (create (&f.a, &plain), "whole");
  create (&f.b, &plain);
  wherry_stream_transport_set_paused (WHERRY_STREAM_TRANSPORT (f.b.stream), TRUE);
  wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (f.a.stream));
  settle ();
  /* what was on its way is delivered; then every channel, then the association */
  g_assert_cmpstr (f.b.log->str, ==,
                   "connected writable incoming:plain open:plain:0 message:plain "
                   "closed:plain closed:plain closed ");
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/open/in-band", test_in_band);
  g_test_add_func ("/channel/open/everything-is-kept", test_all_kept);
  g_test_add_func ("/channel/open/made-before-attach", test_before_attach);
  g_test_add_func ("/channel/open/more-streams", test_more_streams);
  g_test_add_func ("/channel/open/ordered-until-acknowledged", test_ordered_until_ack);
  g_test_add_func ("/channel/open/blocked", test_open_blocked);
  g_test_add_func ("/channel/close/resets-both-streams-and-id-is-free", test_close_and_reuse);
  g_test_add_func ("/channel/close/every-state", test_close_every_state);
  g_test_add_func ("/channel/refuse/bad-peers", test_bad_peers);
  g_test_add_func ("/channel/refuse/stream-can-be-used-later",
                   test_refused_stream_can_be_used_later);
  g_test_add_func ("/channel/refuse/limit", test_limit);
  g_test_add_func ("/channel/create/arguments", test_arguments);
  g_test_add_func ("/channel/end/closes-every-channel", test_association_ends);
  return g_test_run ();
}
