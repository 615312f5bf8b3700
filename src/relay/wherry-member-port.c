/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-member-port.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-member-port-private.h"
#include "wire/wherry-signal.h"

/* Messages handed to the association in one wake, so that the peer's timers are never starved. */
#define SEND_BATCH (4 * WHERRY_DISPATCH_BATCH)

/* How often a publisher is told that its messages are too large for somebody. */
#define NOTICE_INTERVAL_US G_USEC_PER_SEC

WherryMemberPort *
wherry_member_port_new (const WherryPortSettings *settings)
{
  WherryMemberPort *self = g_new0 (WherryMemberPort, 1);

  wherry_ref_init (&self->ref_count);
  wherry_lock_init (&self->start_lock);
  self->id = settings->id;
  self->name = g_strdup (settings->name);
  self->room = g_strdup (settings->room);
  self->echo = settings->echo;
  self->limited = settings->limited;
  self->grant = settings->grant != NULL ? wherry_grant_ref (settings->grant) : NULL;
  self->config = settings->config;
  self->hub = wherry_inbox_ref (settings->hub);
  self->budget = wherry_budget_ref (settings->budget);
  self->watch = wherry_block_watch_ref (settings->watch);
  self->clock = wherry_clock_ref (settings->clock);
  self->waker = wherry_waker_new ();
  self->gate = wherry_gate_new (self->waker);
  self->set = wherry_outbox_set_new (self->id, self->config->member_bytes, self->clock, self->waker,
                                     self->watch);
  wherry_port_rate_init (self);
  self->channels
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, wherry_port_channel_free);
  return self;
}

WherryMemberPort *
wherry_member_port_ref (WherryMemberPort *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_member_port_unref (WherryMemberPort *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->channels);
  wherry_outbox_set_close (self->set); /* a peer that never started: nobody has closed it */
  wherry_outbox_set_unref (self->set);
  wherry_gate_unref (self->gate);
  wherry_waker_unref (self->waker);
  wherry_clock_unref (self->clock);
  wherry_block_watch_unref (self->watch);
  wherry_budget_unref (self->budget);
  wherry_inbox_unref (self->hub);
  wherry_lock_clear (&self->start_lock);
  g_clear_pointer (&self->grant, wherry_grant_unref);
  g_free (self->name);
  g_free (self->room);
  g_free (self);
}

WherryOutboxSet *
wherry_member_port_get_set (WherryMemberPort *self)
{
  return self->set;
}

void
wherry_port_request_free (gpointer data)
{
  WherryPortRequest *request = data;

  g_clear_pointer (&request->init, wherry_port_init_free);
  g_clear_pointer (&request->messages, g_ptr_array_unref);
  g_free (request);
}

WherryChannelInit *
wherry_port_init_copy (const WherryChannelInit *init)
{
  WherryChannelInit *copy = g_memdup2 (init, sizeof *init);

  copy->label = g_strdup (init->label);
  copy->protocol = g_strdup (init->protocol);
  return copy;
}

void
wherry_port_init_free (WherryChannelInit *init)
{
  g_free ((char *) init->label);
  g_free ((char *) init->protocol);
  g_free (init);
}

void
wherry_port_post (WherryMemberPort *self, WherryPortRequestType type, guint64 token,
                  WherryPortRequest *filled)
{
  WherryPortRequest *request = filled != NULL ? filled : g_new0 (WherryPortRequest, 1);

  request->type = type;
  request->member = self->id;
  request->token = token;
  wherry_inbox_post_urgent (self->hub, request);
}

void
wherry_port_notice (WherryMemberPort *self, WherrySignalError code, const char *text,
                    const char *topic)
{
  g_autofree char *json = NULL;
  g_autoptr (WherryMessage) message = NULL;

  if (self->notices == NULL)
    return;
  json = wherry_signal_write_notice (code, text, topic, NULL);
  message = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) json, strlen (json),
                                self->budget);
  wherry_outbox_push (self->notices->outbox, message, NULL);
}

static void
notice_too_large (WherryMemberPort *self, WherryPortChannel *record, guint n)
{
  g_autofree char *text = NULL;
  gint64 now_us = wherry_clock_now_us (self->clock);

  record->n_too_large += n;
  if (record->noticed_us >= 0 && now_us - record->noticed_us < NOTICE_INTERVAL_US)
    return;
  text = g_strdup_printf ("%u deliveries were larger than their receivers take",
                          record->n_too_large);
  record->n_too_large = 0;
  record->noticed_us = now_us;
  wherry_port_notice (self, WHERRY_SIGNAL_ERROR_TOO_LARGE, text, record->init->label);
}

void
wherry_port_publish (WherryMemberPort *self, WherryPortChannel *record, WherryMessage *message)
{
  g_autoptr (GError) error = NULL;
  WherryPublished published;
  WherryPost post;

  self->grace_left -= MIN (self->grace_left, wherry_message_get_charge (message));
  if (!wherry_port_make_post (record->init, self->id, message, &post, &error))
    {
      wherry_counter_inc (WHERRY_COUNTER_BAD_FRAMES);
      wherry_port_notice (self, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error->message,
                          record->init->label);
      wherry_port_count_bad (self);
      return;
    }
  wherry_topic_publish_post (record->topic, self->set, &post, self->gate, &published);
  if (record->kind == WHERRY_PORT_MIRROR && !record->has_sent)
    {
      record->has_sent = TRUE;
      wherry_port_post (self, WHERRY_PORT_MIRROR_SENT, record->token, NULL);
    }
  if (published.n_too_large > 0)
    notice_too_large (self, record, published.n_too_large);
  if (!published.has_recipient)
    {
      wherry_counter_inc (WHERRY_COUNTER_BAD_FRAMES);
      wherry_port_notice (self, WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER,
                          "nobody of that id is on the topic", record->init->label);
      wherry_port_count_bad (self);
    }
  if (post.own != 0)
    wherry_port_ack_later (self, record, post.own);
}

/* ---- the delegate ---- */

/* The first call may come before wherry_peer_new() has returned to the hub. */
static void
ensure_started (WherryMemberPort *self)
{
  if (self->started)
    return;
  wherry_lock_acquire (&self->start_lock);
  wherry_lock_release (&self->start_lock);
  self->started = TRUE;
}

static void
on_connected (gpointer user_data)
{
  WherryMemberPort *self = user_data;

  ensure_started (self);
  wherry_outbox_set_set_max_message_size (self->set,
                                          wherry_peer_get_remote_max_message_size (self->peer));
  wherry_port_post (self, WHERRY_PORT_CONNECTED, 0, NULL);
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  WherryMemberPort *self = user_data;

  ensure_started (self);
  wherry_port_channel_begin (self, channel, TRUE);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  WherryMemberPort *self = user_data;

  ensure_started (self);
  if (wherry_channel_get_user_data (channel) == NULL
      && wherry_channel_get_init (channel)->negotiated)
    wherry_port_channel_begin (self, channel, FALSE);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  WherryMemberPort *self = user_data;
  WherryPortChannel *record = wherry_channel_get_user_data (channel);

  if (self->limited)
    wherry_port_rate_charge (self, message);
  if (record == NULL) /* refused: its reset is under way */
    return;
  if (record->kind == WHERRY_PORT_NOTICES)
    wherry_counter_inc (WHERRY_COUNTER_NOTICES_IN);
  else if (!record->may_publish)
    wherry_port_refuse_message (self, record);
  else if (record->topic != NULL)
    wherry_port_publish (self, record, message);
  else
    wherry_port_channel_hold (self, record, message);
  wherry_port_update_pause (self);
}

static void
on_flushed (gpointer user_data, WherryChannel *channel)
{
  WherryMemberPort *self = user_data;
  WherryPortChannel *record = wherry_channel_get_user_data (channel);

  if (record != NULL)
    wherry_port_channel_flushed (self, record);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  WherryMemberPort *self = user_data;
  WherryPortChannel *record = wherry_channel_get_user_data (channel);

  ensure_started (self);
  wherry_channel_set_user_data (channel, NULL);
  if (record != NULL)
    wherry_port_channel_closed (self, record);
  wherry_port_update_pause (self);
}

/* Hands what waits to the association, in turn, until that is full or nothing is left. */
static void
send_what_waits (WherryMemberPort *self)
{
  WherryOutboxTake take;
  guint64 n_sent = 0;
  guint64 bytes = 0;
  gboolean blocked = FALSE;
  guint i;

  wherry_outbox_set_resume (self->set);

  for (i = 0; i < SEND_BATCH && !blocked && wherry_outbox_set_take (self->set, &take); i++)
    {
      WherryPortChannel *record = wherry_outbox_get_owner (take.outbox);
      WherrySendResult result = WHERRY_SEND_OK;

      if (take.message == NULL)
        wherry_port_channel_over (self, record);
      else
        {
          g_autoptr (WherryMessage) framed
              = wherry_port_frame (record, take.message, take.replayed);

          result = wherry_channel_send (record->channel, framed);
          wherry_port_keep_framed (record, take.message,
                                   result == WHERRY_SEND_BLOCKED ? framed : NULL);
          if (result == WHERRY_SEND_BLOCKED && wherry_channel_may_be_passed (record->channel))
            {
              wherry_outbox_set_put_aside (self->set, &take);
              continue;
            }
          blocked = result == WHERRY_SEND_BLOCKED;
          if (result == WHERRY_SEND_OK)
            {
              n_sent++;
              bytes += wherry_message_get_length (take.message);
            }
          else if (result == WHERRY_SEND_FAILED)
            wherry_counter_inc (WHERRY_COUNTER_DROPPED_CLOSED);
        }
      wherry_outbox_set_give_back (self->set, &take, !blocked);
    }
  if (n_sent > 0)
    {
      wherry_counter_add (WHERRY_COUNTER_MESSAGES_OUT, n_sent);
      wherry_counter_add (WHERRY_COUNTER_BYTES_OUT, bytes);
    }
  if (i == SEND_BATCH && !blocked)
    wherry_peer_post_wake (self->peer);
}

static void
on_wake (gpointer user_data)
{
  WherryMemberPort *self = user_data;

  ensure_started (self);
  wherry_port_update_pause (self);
  send_what_waits (self);
}

/* Channels whose subscription the hub has not answered: what they held was acknowledged by the
 * association, so the hub publishes it after it has handled the request. */
static void
flush_held (WherryMemberPort *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryPortChannel *record = value;
      WherryPortRequest *request;

      if (record->held == NULL)
        continue;
      request = g_new0 (WherryPortRequest, 1);
      request->messages = g_steal_pointer (&record->held);
      wherry_port_post (self, WHERRY_PORT_FLUSH, record->token, request);
    }
}

static void
on_ended (gpointer user_data)
{
  WherryMemberPort *self = user_data;

  ensure_started (self);
  self->ended = TRUE;
  wherry_waker_set (self->waker, NULL, NULL);
  wherry_outbox_set_close (self->set);
  wherry_gate_close (self->gate);
  wherry_port_stop_waiting (self);
  flush_held (self);
  self->notices = NULL;
  g_hash_table_remove_all (self->channels);
  wherry_member_port_unref (self); /* the peer's */
}

static const WherryPeerDelegate delegate = {
  .connected = on_connected,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .flushed = on_flushed,
  .closed = on_closed,
  .wake = on_wake,
  .ended = on_ended,
};

static void
wake_peer (gpointer user_data)
{
  wherry_peer_post_wake (user_data);
}

WherryPeer *
wherry_member_port_start (WherryMemberPort *self, const WherryPeerConfig *config,
                          GMainContext *hub_context, const WherryPeerHubEvents *events,
                          gpointer events_data, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&self->start_lock);

  self->peer = wherry_peer_new (config, hub_context, events, events_data, &delegate,
                                wherry_member_port_ref (self), error);
  if (self->peer == NULL)
    wherry_member_port_unref (self);
  else
    wherry_waker_set (self->waker, wake_peer, self->peer);
  return self->peer;
}

/* ---- what the hub posts ---- */

typedef struct
{
  WherryMemberPort *port;
  guint64 token;
  WherryTopic *topic;
  WherryOutbox *outbox;
  WherryChannelInit *init;
  WherrySignalError code;
  char *reason;
} PortCall;

static void
port_call_free (gpointer data)
{
  PortCall *call = data;

  g_clear_pointer (&call->topic, wherry_topic_unref);
  g_clear_pointer (&call->outbox, wherry_outbox_unref);
  g_clear_pointer (&call->init, wherry_port_init_free);
  g_free (call->reason);
  wherry_member_port_unref (call->port);
  g_free (call);
}

static PortCall *
port_call_new (WherryMemberPort *port, guint64 token, WherryTopic *topic, WherryOutbox *outbox)
{
  PortCall *call = g_new0 (PortCall, 1);

  call->port = wherry_member_port_ref (port);
  call->token = token;
  call->topic = topic != NULL ? wherry_topic_ref (topic) : NULL;
  call->outbox = outbox != NULL ? wherry_outbox_ref (outbox) : NULL;
  return call;
}

static void
attach (WherryPeer *peer, gpointer data)
{
  PortCall *call = data;

  wherry_port_channel_attach (call->port, call->token, call->topic, call->outbox);
}

static void
refuse (WherryPeer *peer, gpointer data)
{
  PortCall *call = data;

  wherry_port_channel_refuse (call->port, call->token, call->code, call->reason);
}

static void
mirror (WherryPeer *peer, gpointer data)
{
  PortCall *call = data;

  wherry_port_channel_mirror (call->port, call->token, call->topic, call->outbox, call->init);
}

void
wherry_member_port_post_attach (WherryMemberPort *self, WherryPeer *peer, guint64 token,
                                WherryTopic *topic, WherryOutbox *outbox)
{
  wherry_peer_post_call (peer, attach, port_call_new (self, token, topic, outbox), port_call_free);
}

void
wherry_member_port_post_refuse (WherryMemberPort *self, WherryPeer *peer, guint64 token,
                                WherrySignalError code, const char *reason)
{
  PortCall *call = port_call_new (self, token, NULL, NULL);

  call->code = code;
  call->reason = g_strdup (reason);
  wherry_peer_post_call (peer, refuse, call, port_call_free);
}

void
wherry_member_port_post_mirror (WherryMemberPort *self, WherryPeer *peer, guint64 token,
                                WherryTopic *topic, WherryOutbox *outbox,
                                const WherryChannelInit *init)
{
  PortCall *call = port_call_new (self, token, topic, outbox);

  call->init = wherry_port_init_copy (init);
  wherry_peer_post_call (peer, mirror, call, port_call_free);
}
