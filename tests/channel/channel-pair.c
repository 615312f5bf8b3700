/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "channel/channel-pair.h"
#include "fixtures/wherry-wait.h"
#include "wire/wherry-dcep.h"

const WherryChannelInit plain = {
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
  if (end->end_in_open)
    wherry_channel_set_close (end->set);
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
on_flushed (gpointer user_data, WherryChannel *channel)
{
  End *end = user_data;

  g_assert_cmpint (wherry_channel_get_state (channel), ==, WHERRY_CHANNEL_CLOSING);
  end->n_flushed++;
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
  .flushed = on_flushed,
  .closed = on_closed,
  .writable = on_writable,
};

WherryChannelSet *
channel_set_new (End *end, guint max_channels)
{
  return wherry_channel_set_new (max_channels, &events, end);
}

static void
end_init (End *end, WherryFakeStream *stream, guint max_channels)
{
  *end = (End){ .stream = stream, .accept = TRUE };
  end->log = g_string_new (NULL);
  end->set = channel_set_new (end, max_channels);
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

void
fixture_init (Fixture *f, const WherryFakeStreamOptions *options)
{
  WherryFakeStream *a;
  WherryFakeStream *b;

  wherry_fake_stream_new_pair (options, NULL, NULL, &a, &b);
  end_init (&f->a, a, 8);
  end_init (&f->b, b, 8);
}

void
attach (Fixture *f)
{
  wherry_channel_set_attach (f->a.set, WHERRY_STREAM_TRANSPORT (f->a.stream), TRUE);
  wherry_channel_set_attach (f->b.set, WHERRY_STREAM_TRANSPORT (f->b.stream), FALSE);
}

void
fixture_clear (Fixture *f)
{
  end_clear (&f->a);
  end_clear (&f->b);
}

void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

WherryChannel *
create (End *end, const WherryChannelInit *init)
{
  g_autoptr (GError) error = NULL;
  WherryChannel *channel = wherry_channel_set_create (end->set, init, &error);

  g_assert_no_error (error);
  g_assert_nonnull (channel);
  return channel;
}

WherrySendResult
say (WherryChannel *channel, const char *text)
{
  g_autoptr (WherryMessage) message
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) text, strlen (text), NULL);

  return wherry_channel_send (channel, message);
}

void
send_raw (WherryFakeStream *stream, guint16 id, WherryMessageKind kind, const guint8 *data,
          gsize length)
{
  WherrySendOptions options = { .ordered = TRUE };
  g_autoptr (WherryMessage) message = wherry_message_new (kind, data, length, NULL);

  g_assert_cmpint (wherry_stream_transport_send (WHERRY_STREAM_TRANSPORT (stream), id, &options,
                                                 message),
                   ==, WHERRY_SEND_OK);
}

void
send_raw_open (WherryFakeStream *stream, guint16 id)
{
  WherryDcepOpen open = { .ordered = TRUE, .label = (char *) "raw" };
  gsize length;
  g_autofree guint8 *data = wherry_dcep_open_write (&open, &length, NULL);

  send_raw (stream, id, WHERRY_MESSAGE_CONTROL, data, length);
}
