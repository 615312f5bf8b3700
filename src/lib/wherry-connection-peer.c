/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-connection-private.h"

/* Beside the channels, on the peer thread: what comes is copied into the inbox of the creator's
 * context, and what the program sends is handed to the association as that has room. */

/* Messages handed over in one wake, so that the peer's timers are never starved. */
#define SEND_BATCH (4 * WHERRY_DISPATCH_BATCH)
/* Bytes of a channel's turn for each unit of its priority (RFC 8831 section 6.4): 4 KiB for
 * "low", the default. */
#define TURN_FACTOR 16
/* After a message of megabytes, what is more is forgiven. */
#define TURNS_OWED_MAX 64

/* ---- receiving ---- */

/* A program that does not run its loop, or connects no handler, holds no more than this: then the
 * association is not read, and the sender sees that. */
static void
update_pause (WherryConnection *self)
{
  gsize undelivered = __atomic_load_n (&self->undelivered, __ATOMIC_SEQ_CST);

  if (!g_atomic_int_get (&self->paused) && undelivered > WHERRY_UNDELIVERED_HIGH)
    {
      g_atomic_int_set (&self->paused, TRUE);
      wherry_peer_set_paused (self->peer, TRUE);
      undelivered = __atomic_load_n (&self->undelivered, __ATOMIC_SEQ_CST);
    }
  if (g_atomic_int_get (&self->paused) && undelivered <= WHERRY_UNDELIVERED_LOW)
    {
      g_atomic_int_set (&self->paused, FALSE);
      wherry_peer_set_paused (self->peer, FALSE);
    }
}

/* A negotiated channel may open within the call that makes it. */
static WherryChannelCore *
core_of (WherryConnection *self, WherryChannel *channel)
{
  WherryChannelCore *core = wherry_channel_get_user_data (channel);

  return core != NULL ? core : self->making;
}

static void
on_connected (gpointer user_data)
{
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  WherryConnection *self = user_data;
  WherryChannelCore *core = wherry_channel_core_new_incoming (self, channel);

  wherry_channel_set_user_data (channel, core);
  wherry_connection_post (self, WHERRY_CONNECTION_EVENT_INCOMING, core, NULL,
                          wherry_channel_get_id (channel), NULL);
  wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  WherryConnection *self = user_data;
  WherryChannelCore *core = core_of (self, channel);

  if (core != NULL)
    wherry_connection_post (self, WHERRY_CONNECTION_EVENT_OPEN, core, NULL,
                            wherry_channel_get_id (channel), NULL);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  WherryConnection *self = user_data;
  WherryChannelCore *core = core_of (self, channel);

  if (core == NULL)
    return;
  __atomic_add_fetch (&self->undelivered, wherry_message_get_charge (message), __ATOMIC_SEQ_CST);
  wherry_connection_post (self, WHERRY_CONNECTION_EVENT_MESSAGE, core, wherry_message_ref (message),
                          -1, NULL);
  update_pause (self);
}

/* What it had to send has nowhere to go. */
static void
drop_outgoing (WherryConnection *self, WherryChannelCore *core)
{
  GQueue dropped = G_QUEUE_INIT;
  gboolean was_ready;

  wherry_lock_acquire (&self->lock);
  dropped = core->outgoing;
  g_queue_init (&core->outgoing);
  was_ready = core->is_ready && g_queue_remove (&self->ready, core);
  core->is_ready = FALSE;
  wherry_lock_release (&self->lock);
  g_queue_clear_full (&dropped, (GDestroyNotify) wherry_message_unref);
  if (was_ready)
    wherry_channel_core_unref (core);
}

/* Takes error. */
static void
finish_channel (WherryConnection *self, WherryChannelCore *core, GError *error)
{
  drop_outgoing (self, core);
  g_clear_object (&core->channel);
  wherry_connection_post (self, WHERRY_CONNECTION_EVENT_CLOSED, core, NULL, -1, error);
}

static void
on_flushed (gpointer user_data, WherryChannel *channel)
{
  WherryConnection *self = user_data;
  WherryChannelCore *core = wherry_channel_get_user_data (channel);

  if (core != NULL)
    wherry_connection_post (self, WHERRY_CONNECTION_EVENT_FLUSHED, core, NULL, -1, NULL);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  WherryConnection *self = user_data;
  WherryChannelCore *core = wherry_channel_get_user_data (channel);
  GError *error = NULL;

  if (core == NULL) /* within the call that makes it, which says so */
    return;
  wherry_channel_set_user_data (channel, NULL);
  /* webrtc-pc section 6.2.4: nobody closed it, what carried it has ended */
  if (!core->closing && !wherry_channel_is_closed_by_them (channel))
    error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The connection has ended");
  finish_channel (self, core, error);
  wherry_channel_core_unref (core); /* the channel's */
}

/* ---- sending ---- */

static gint64
turn_of (const WherryChannelCore *core)
{
  return (gint64) MAX (core->wire_priority, 1) * TURN_FACTOR;
}

/* Those that have something to send take turns, each with as many bytes as its priority gives it;
 * what one took too much of waits for later turns. (transfer none) */
static WherryMessage *
peek (WherryConnection *self, WherryChannelCore **core)
{
  WherryMessage *message = NULL;

  wherry_lock_acquire (&self->lock);
  *core = g_queue_peek_head (&self->ready);
  while (*core != NULL && (*core)->turn <= 0 && self->ready.length > 1)
    {
      (*core)->turn += turn_of (*core);
      g_queue_push_tail (&self->ready, g_queue_pop_head (&self->ready));
      *core = g_queue_peek_head (&self->ready);
    }
  if (*core != NULL)
    message = g_queue_peek_head (&(*core)->outgoing);
  wherry_lock_release (&self->lock);
  return message;
}

/* The first message of the channel whose turn it is has been dealt with. */
static void
pop (WherryConnection *self, WherryChannelCore *core, gboolean was_sent)
{
  WherryMessage *message = NULL;
  gboolean is_empty;

  wherry_lock_acquire (&self->lock);
  message = g_queue_pop_head (&core->outgoing);
  if (was_sent)
    core->sent += wherry_message_get_length (message);
  is_empty = g_queue_is_empty (&core->outgoing);
  core->turn = MAX (core->turn - (gint64) wherry_message_get_charge (message),
                    -TURNS_OWED_MAX * turn_of (core));
  if (is_empty)
    {
      g_queue_pop_head (&self->ready);
      core->is_ready = FALSE;
      core->turn = 0;
    }
  wherry_lock_release (&self->lock);
  wherry_message_unref (message);
  if (was_sent && !core->touched)
    {
      core->touched = TRUE;
      g_ptr_array_add (self->touched, wherry_channel_core_ref (core));
    }
  if (is_empty)
    {
      if (core->closing && core->channel != NULL)
        wherry_channel_close (core->channel);
      wherry_channel_core_unref (core); /* the list's */
    }
}

/* One event for all that a channel has sent in a wake. */
static void
tell_sent (WherryConnection *self)
{
  for (guint i = 0; i < self->touched->len; i++)
    {
      g_autoptr (WherryChannelCore) core = g_ptr_array_index (self->touched, i);
      gboolean tell;

      core->touched = FALSE;
      wherry_lock_acquire (&self->lock);
      tell = !core->sent_told;
      core->sent_told = TRUE;
      wherry_lock_release (&self->lock);
      if (tell)
        wherry_connection_post (self, WHERRY_CONNECTION_EVENT_SENT, core, NULL, -1, NULL);
    }
  g_ptr_array_set_size (self->touched, 0);
}

static void
on_wake (gpointer user_data)
{
  WherryConnection *self = user_data;
  WherryChannelCore *core = NULL;
  WherryMessage *message = NULL;
  gboolean blocked = FALSE;
  guint i;

  update_pause (self);
  for (i = 0; i < SEND_BATCH && !blocked && (message = peek (self, &core)) != NULL; i++)
    {
      WherrySendResult result = WHERRY_SEND_FAILED;

      if (core->channel != NULL)
        result = wherry_channel_send (core->channel, message);
      blocked = result == WHERRY_SEND_BLOCKED;
      if (!blocked)
        pop (self, core, result == WHERRY_SEND_OK);
    }
  tell_sent (self);
  if (i == SEND_BATCH && !blocked)
    wherry_peer_post_wake (self->peer);
}

void
wherry_connection_drop_outgoing (WherryConnection *self)
{
  WherryChannelCore *core = NULL;

  while (peek (self, &core) != NULL)
    drop_outgoing (self, core);
}

static void
on_ended (gpointer user_data)
{
  wherry_connection_unref (user_data); /* the peer thread's */
}

const WherryPeerDelegate wherry_connection_delegate = {
  .connected = on_connected,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .flushed = on_flushed,
  .closed = on_closed,
  .wake = on_wake,
  .ended = on_ended,
};

/* ---- what the creator posts ---- */

static void
make_channel (WherryPeer *peer, gpointer data)
{
  WherryChannelCore *core = data;
  WherryConnection *self = core->connection;
  WherryChannelInit init = {
    .label = core->label,
    .protocol = core->protocol,
    .ordered = core->ordered,
    .reliability = WHERRY_RELIABLE,
    .priority = core->wire_priority,
    .negotiated = core->negotiated,
    .id = core->made_id >= 0 ? (guint16) core->made_id : WHERRY_CHANNEL_ID_NONE,
  };
  GError *error = NULL;
  WherryChannel *channel;

  if (core->max_retransmits >= 0)
    {
      init.reliability = WHERRY_MAX_RETRANSMITS;
      init.reliability_value = (guint32) core->max_retransmits;
    }
  else if (core->max_packet_life_time >= 0)
    {
      init.reliability = WHERRY_MAX_PACKET_LIFE_TIME;
      init.reliability_value = (guint32) core->max_packet_life_time;
    }
  self->making = core;
  channel = wherry_peer_create_channel (peer, &init, &error);
  self->making = NULL;
  if (channel == NULL)
    {
      finish_channel (self, core, error);
      return;
    }
  core->channel = g_object_ref (channel);
  wherry_channel_set_user_data (channel, wherry_channel_core_ref (core));
}

static void
close_channel (WherryPeer *peer, gpointer data)
{
  WherryChannelCore *core = data;
  gboolean is_empty;

  if (core->channel == NULL)
    return;
  wherry_lock_acquire (&core->connection->lock);
  is_empty = g_queue_is_empty (&core->outgoing);
  wherry_lock_release (&core->connection->lock);
  core->closing = TRUE;
  if (is_empty)
    wherry_channel_close (core->channel);
}

typedef struct
{
  WherryChannelCore *core; /* a reference */
  int id;
} GivenId;

static void
given_id_free (gpointer data)
{
  GivenId *given = data;

  wherry_channel_core_unref (given->core);
  g_free (given);
}

static void
give_id (WherryPeer *peer, gpointer data)
{
  const GivenId *given = data;
  WherryChannelCore *core = given->core;
  WherryChannel *channel = core->channel;

  if (channel == NULL || (given->id >= 0 && wherry_channel_give_id (channel, (guint16) given->id)))
    return;
  wherry_channel_set_user_data (channel, NULL); /* closing it says nothing of the reason */
  wherry_channel_close (channel);
  finish_channel (core->connection, core,
                  g_error_new (WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                               "No stream is left for the channel “%s”", core->label));
  wherry_channel_core_unref (core); /* the channel's */
}

static void
post_call (WherryConnection *self, void (*func) (WherryPeer *peer, gpointer data),
           WherryChannelCore *core)
{
  wherry_peer_post_call (self->peer, func, wherry_channel_core_ref (core),
                         (GDestroyNotify) wherry_channel_core_unref);
}

void
wherry_connection_post_make_channel (WherryConnection *self, WherryChannelCore *channel)
{
  post_call (self, make_channel, channel);
}

void
wherry_connection_post_close_channel (WherryConnection *self, WherryChannelCore *channel)
{
  post_call (self, close_channel, channel);
}

void
wherry_connection_post_id (WherryConnection *self, WherryChannelCore *channel, int id)
{
  GivenId *given = g_new (GivenId, 1);

  given->core = wherry_channel_core_ref (channel);
  given->id = id;
  wherry_peer_post_call (self->peer, give_id, given, given_id_free);
}

void
wherry_connection_post_send (WherryConnection *self, WherryChannelCore *channel,
                             WherryMessage *message)
{
  gboolean wake;

  wherry_lock_acquire (&self->lock);
  g_queue_push_tail (&channel->outgoing, message);
  wake = !channel->is_ready;
  if (wake)
    {
      channel->is_ready = TRUE;
      g_queue_push_tail (&self->ready, wherry_channel_core_ref (channel));
    }
  wherry_lock_release (&self->lock);
  if (wake)
    wherry_peer_post_wake (self->peer);
}

gsize
wherry_connection_take_sent (WherryConnection *self, WherryChannelCore *channel)
{
  gsize sent;

  wherry_lock_acquire (&self->lock);
  sent = channel->sent;
  channel->sent = 0;
  channel->sent_told = FALSE;
  wherry_lock_release (&self->lock);
  return sent;
}
