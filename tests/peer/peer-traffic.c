/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "peer/peer-traffic.h"

static void
on_connected (gpointer user_data)
{
  g_atomic_int_inc (&((PeerTraffic *) user_data)->connected);
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  PeerTraffic *self = user_data;

  self->channel = channel;
  g_atomic_int_inc (&self->n_open);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  PeerTraffic *self = user_data;
  gsize length = 0;
  const guint8 *data = wherry_message_get_data (message, &length);
  guint32 number = 0;

  for (gint64 end_us = g_get_monotonic_time () + self->takes_us;
       self->takes_us > 0 && g_get_monotonic_time () < end_us;)
    ;
  if (self->echo)
    g_assert_cmpint (wherry_channel_send (channel, message), ==, WHERRY_SEND_OK);
  if (length >= sizeof number)
    memcpy (&number, data, sizeof number);
  if (GUINT32_FROM_BE (number) != self->next_expected++)
    g_atomic_int_inc (&self->n_wrong);
  g_atomic_int_inc (&self->n_messages);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  PeerTraffic *self = user_data;

  if (self->channel == channel)
    self->channel = NULL;
  g_atomic_int_inc (&self->n_closed);
}

typedef struct
{
  PeerTraffic *traffic;
  guint n;
  gsize size;
} Sending;

/* What is left, as far as there is room: the wake event says when there is more. */
static void
send_more (PeerTraffic *self)
{
  for (; self->n_sent < self->n_to_send && self->channel != NULL; self->n_sent++)
    {
      g_autofree guint8 *payload = g_malloc0 (self->send_size);
      g_autoptr (WherryMessage) message = NULL;
      guint32 number = GUINT32_TO_BE (self->n_sent);

      memcpy (payload, &number, MIN (sizeof number, self->send_size));
      message = wherry_message_new (WHERRY_MESSAGE_BINARY, payload, self->send_size, NULL);
      if (wherry_channel_send (self->channel, message) != WHERRY_SEND_OK)
        return;
    }
}

static void
begin_sending (WherryPeer *peer, gpointer data)
{
  const Sending *sending = data;
  PeerTraffic *self = sending->traffic;

  self->n_to_send += sending->n;
  self->send_size = sending->size;
  send_more (self);
}

static void
on_wake (gpointer user_data)
{
  send_more (user_data);
}

static void
on_ended (gpointer user_data)
{
  g_atomic_int_inc (&((PeerTraffic *) user_data)->n_ended);
}

const WherryPeerDelegate peer_traffic_delegate = {
  .connected = on_connected,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
  .wake = on_wake,
  .ended = on_ended,
};

static void
create_channel (WherryPeer *peer, gpointer data)
{
  WherryChannelInit init = {
    .label = data,
    .protocol = "",
    .ordered = TRUE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  g_autoptr (GError) error = NULL;

  wherry_peer_create_channel (peer, &init, &error);
  g_assert_no_error (error);
}

void
peer_traffic_create_channel (WherryPeer *peer, const char *label)
{
  wherry_peer_post_call (peer, create_channel, g_strdup (label), g_free);
}

void
peer_traffic_send (PeerTraffic *self, WherryPeer *peer, guint n, gsize size)
{
  Sending sending = { .traffic = self, .n = n, .size = size };

  wherry_peer_post_call (peer, begin_sending, g_memdup2 (&sending, sizeof sending), g_free);
}

static void
pause_now (WherryPeer *peer, gpointer data)
{
  PeerTraffic *self = data;

  wherry_peer_set_paused (peer, g_atomic_int_get (&self->is_paused));
}

void
peer_traffic_set_paused (PeerTraffic *self, WherryPeer *peer, gboolean paused)
{
  g_atomic_int_set (&self->is_paused, paused);
  wherry_peer_post_call (peer, pause_now, self, NULL);
}
