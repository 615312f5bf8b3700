/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-member-port-private.h"
#include "relay/wherry-outbox-rules.h"
#include "relay/wherry-planted.h"

/* What wherry:notices may hold, as much as a signaling socket: a reader that sleeps misses the
 * oldest. */
#define NOTICES_HIGH WHERRY_SIGNAL_OUT_MAX

void
wherry_port_channel_free (gpointer data)
{
  WherryPortChannel *record = data;

  if (record->channel != NULL)
    wherry_channel_set_user_data (record->channel, NULL);
  g_clear_object (&record->channel);
  g_clear_pointer (&record->init, wherry_port_init_free);
  g_clear_pointer (&record->topic, wherry_topic_unref);
  if (record->outbox != NULL)
    wherry_outbox_close (record->outbox); /* nothing finds the record in it any more */
  g_clear_pointer (&record->outbox, wherry_outbox_unref);
  g_clear_pointer (&record->held, g_ptr_array_unref);
  g_clear_pointer (&record->framed, wherry_message_unref);
  g_clear_pointer (&record->framed_of, wherry_message_unref);
  g_free (record);
}

static WherryPortChannel *
record_new (WherryMemberPort *self, WherryPortKind kind, guint64 token,
            const WherryChannelInit *init)
{
  WherryPortChannel *record = g_new0 (WherryPortChannel, 1);

  record->kind = kind;
  record->token = token;
  record->init = wherry_port_init_copy (init);
  record->addressed = kind != WHERRY_PORT_NOTICES && wherry_port_is_addressed (init);
  record->noticed_us = record->forbidden_us = -1;
  record->may_publish = wherry_grant_may_publish (self->grant, init->label);
  g_hash_table_insert (self->channels, &record->token, record);
  return record;
}

static void
set_channel (WherryPortChannel *record, WherryChannel *channel)
{
  record->channel = g_object_ref (channel);
  wherry_channel_set_user_data (channel, record);
}

static void
set_waiting (WherryMemberPort *self, WherryPortChannel *record, gboolean waiting)
{
  if (record->waiting == waiting)
    return;
  record->waiting = waiting;
  if (waiting)
    self->n_waiting++;
  else
    self->n_waiting--;
}

static void
set_orphan (WherryMemberPort *self, WherryPortChannel *record, gboolean orphan)
{
  if (record->orphan == orphan)
    return;
  record->orphan = orphan;
  if (orphan)
    self->n_orphans++;
  else
    self->n_orphans--;
}

static void
count_out (WherryMemberPort *self, WherryPortChannel *record)
{
  set_waiting (self, record, FALSE);
  set_orphan (self, record, FALSE);
  switch (record->kind)
    {
    case WHERRY_PORT_OWN:
      self->n_own--;
      break;
    case WHERRY_PORT_MIRROR:
      self->n_mirrors--;
      break;
    case WHERRY_PORT_NOTICES:
    default:
      break;
    }
}

/* ---- whose turn it is ---- */

/* Whether there is another mirror with its label: one that is served before it, or, flushed, one
 * that is served no more and waits for the other side's reset. */
static gboolean
has_mirror_before (WherryMemberPort *self, const WherryPortChannel *record, gboolean flushed)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const WherryPortChannel *other = value;

      if (other != record && other->kind == WHERRY_PORT_MIRROR && (other->turn == 0) == flushed
          && other->turn < record->turn && strcmp (other->init->label, record->init->label) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_to_wait (WherryMemberPort *self, const WherryPortChannel *record)
{
  return !WHERRY_PLANT (EARLY_TURN) && has_mirror_before (self, record, FALSE);
}

static gboolean
open_mirror (WherryMemberPort *self, WherryPortChannel *record)
{
  g_autoptr (GError) error = NULL;
  WherryChannel *channel = NULL;
  guint n = self->n_own - self->n_orphans + self->n_mirrors;

  /* One that takes the place of another is none more: opened later it would be a new subscription,
   * which misses something, or gets it twice. */
  if (n > self->config->channels_per_member && has_mirror_before (self, record, TRUE))
    n--;
  if (n > self->config->channels_per_member)
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_FAILED, "the member has %u channels",
                 self->config->channels_per_member);
  else
    channel = wherry_peer_create_channel (self->peer, record->init, &error);
  if (channel == NULL)
    {
      const WherryLogContext context = { self->name, self->room, record->init->label };
      guint64 token = record->token;

      wherry_info (&context, "no mirror: %s", error->message);
      wherry_counter_inc (WHERRY_COUNTER_CHANNELS_REFUSED);
      wherry_port_notice (self, WHERRY_SIGNAL_ERROR_FORBIDDEN,
                          "this topic is not mirrored: too many channels", record->init->label);
      count_out (self, record);
      g_hash_table_remove (self->channels, &token);
      wherry_port_post (self, WHERRY_PORT_MIRROR_FAILED, token, NULL);
      return FALSE;
    }
  set_channel (record, channel);
  return TRUE;
}

/* Its outbox is served from now on, unless a mirror with its label is still being closed: then data
 * sent here could overtake what is on its way there. FALSE: the record is gone. */
static gboolean
try_activate (WherryMemberPort *self, WherryPortChannel *record)
{
  if (wherry_outbox_is_active (record->outbox))
    return TRUE;
  set_waiting (self, record, has_to_wait (self, record));
  if (record->waiting)
    return TRUE;
  /* A mirror that ended before it began is not shown at all. */
  if (record->kind == WHERRY_PORT_MIRROR && !wherry_outbox_is_over (record->outbox)
      && !open_mirror (self, record))
    return FALSE;
  wherry_outbox_set_priority (record->outbox, record->init->priority);
  wherry_outbox_activate (record->outbox, record);
  return TRUE;
}

static WherryPortChannel *
find_next_turn (WherryMemberPort *self, const char *label)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->channels);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      WherryPortChannel *other = value;

      if (other->turn != 0 && strcmp (other->init->label, label) == 0
          && !wherry_outbox_is_active (other->outbox) && !has_to_wait (self, other))
        return other;
    }
  return NULL;
}

/* A mirror is gone: those that waited for it. Each is active afterwards, or gone too. */
static void
next_turn (WherryMemberPort *self, const char *label)
{
  WherryPortChannel *next;

  while ((next = find_next_turn (self, label)) != NULL)
    try_activate (self, next);
}

static void
forget_mirror (WherryMemberPort *self, WherryPortChannel *record)
{
  g_autofree char *label = g_strdup (record->init->label);
  guint64 token = record->token;

  count_out (self, record);
  g_hash_table_remove (self->channels, &token);
  next_turn (self, label);
}

void
wherry_port_channel_flushed (WherryMemberPort *self, WherryPortChannel *record)
{
  /* Nothing is on its way there that could be overtaken. The other side's reset may be long in
   * coming (some stacks leave that to the application), so nobody waits for it. */
  if (record->kind != WHERRY_PORT_MIRROR)
    return;
  record->turn = 0;
  next_turn (self, record->init->label);
}

void
wherry_port_channel_over (WherryMemberPort *self, WherryPortChannel *record)
{
  /* Only mirrors are retired. What the member has begun to close is closed by it. */
  record->closing = record->channel == NULL || !wherry_channel_is_closed_by_them (record->channel);
  if (record->channel != NULL)
    wherry_channel_close (record->channel); /* goes on in wherry_port_channel_closed() */
  else
    forget_mirror (self, record);
}

/* ---- their channels ---- */

static void
refuse_channel (WherryMemberPort *self, WherryChannel *channel, WherrySignalError code,
                const char *reason)
{
  const char *label = wherry_channel_get_label (channel);
  const WherryLogContext context = { self->name, self->room, label };

  wherry_debug (&context, "channel refused: %s", reason);
  wherry_counter_inc (WHERRY_COUNTER_CHANNELS_REFUSED);
  wherry_port_notice (self, code, reason, label);
  wherry_channel_close (channel);
}

static void
begin_notices (WherryMemberPort *self, WherryChannel *channel, gboolean accept)
{
  const WherryOutboxLimits limits = {
    .outbox_high = NOTICES_HIGH,
    .outbox_low = NOTICES_HIGH / 4,
    .block_limit_us = G_MAXINT64,
    .block_window_us = self->config->outbox.block_window_us,
  };

  self->notices = record_new (self, WHERRY_PORT_NOTICES, ++self->last_token,
                              wherry_channel_get_init (channel));
  set_channel (self->notices, channel);
  self->notices->outbox = wherry_outbox_new_labeled (self->set, WHERRY_LABEL_NOTICES,
                                                     WHERRY_POLICY_DROP_OLDEST, &limits);
  wherry_outbox_activate (self->notices->outbox, self->notices);
  if (accept)
    wherry_channel_accept (channel);
  wherry_port_post (self, WHERRY_PORT_NOTICES_OPEN, self->notices->token, NULL);
}

/* In the room echo each channel is a topic of its own, whose one subscriber is the publisher. */
static void
begin_echo (WherryMemberPort *self, WherryPortChannel *record)
{
  g_autoptr (GPtrArray) outboxes = g_ptr_array_new ();
  g_autoptr (WherryTopic) topic = wherry_topic_new (record->init->label, TRUE);
  g_autoptr (WherryOutbox) outbox
      = wherry_outbox_new_by_rules (self->set, self->config, self->room, record->init);

  g_ptr_array_add (outboxes, outbox);
  wherry_topic_set_snapshot (topic, wherry_snapshot_new (outboxes));
  wherry_port_channel_attach (self, record->token, topic, outbox);
}

void
wherry_port_channel_begin (WherryMemberPort *self, WherryChannel *channel, gboolean accept)
{
  const WherryChannelInit *init = wherry_channel_get_init (channel);
  const char *why = wherry_port_forbids_channel (self, init->label);
  WherryPortChannel *record;

  if (strcmp (init->label, WHERRY_LABEL_NOTICES) == 0 && self->notices == NULL)
    {
      begin_notices (self, channel, accept);
      return;
    }
  if (g_str_has_prefix (init->label, WHERRY_LABEL_RESERVED))
    {
      refuse_channel (self, channel, WHERRY_SIGNAL_ERROR_FORBIDDEN,
                      "labels starting with wherry: are the relay's own");
      return;
    }
  if (why != NULL)
    {
      refuse_channel (self, channel, WHERRY_SIGNAL_ERROR_FORBIDDEN, why);
      return;
    }
  if (self->n_own - self->n_orphans >= self->config->channels_per_member)
    {
      refuse_channel (self, channel, WHERRY_SIGNAL_ERROR_FORBIDDEN, "too many channels");
      return;
    }

  /* an offer may have raised it since we connected */
  wherry_outbox_set_set_max_message_size (self->set,
                                          wherry_peer_get_remote_max_message_size (self->peer));
  self->n_own++;
  record = record_new (self, WHERRY_PORT_OWN, ++self->last_token, init);
  set_channel (record, channel);
  if (WHERRY_PLANT (EARLY_ACK) && accept)
    wherry_channel_accept (channel);
  if (self->echo)
    begin_echo (self, record);
  else
    {
      WherryPortRequest *request = g_new0 (WherryPortRequest, 1);

      request->init = wherry_port_init_copy (init);
      wherry_port_post (self, WHERRY_PORT_SUBSCRIBE, record->token, request);
    }
}

void
wherry_port_channel_hold (WherryMemberPort *self, WherryPortChannel *record, WherryMessage *message)
{
  if (record->held == NULL)
    record->held = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_message_unref);
  g_ptr_array_add (record->held, wherry_message_ref (message));
  self->held_bytes += wherry_message_get_charge (message);
}

static GPtrArray *
steal_held (WherryMemberPort *self, WherryPortChannel *record)
{
  for (guint i = 0; record->held != NULL && i < record->held->len; i++)
    self->held_bytes -= wherry_message_get_charge (g_ptr_array_index (record->held, i));
  return g_steal_pointer (&record->held);
}

/* The channels close because the connection ends. The hub learns that from the peer, in one piece:
 * until then the topics last, and the member's will finds who listens. */
static gboolean
is_over (WherryMemberPort *self)
{
  return !wherry_peer_is_connected (self->peer);
}

/* The member's own channel is gone, and the hub has answered for it. */
static void
forget_own (WherryMemberPort *self, WherryPortChannel *record)
{
  guint64 token = record->token;

  count_out (self, record);
  g_hash_table_remove (self->channels, &token);
  if (!self->echo && !is_over (self))
    wherry_port_post (self, WHERRY_PORT_UNSUBSCRIBE, token, NULL);
}

void
wherry_port_channel_attach (WherryMemberPort *self, guint64 token, WherryTopic *topic,
                            WherryOutbox *outbox)
{
  WherryPortChannel *record = g_hash_table_lookup (self->channels, &token);
  g_autoptr (GPtrArray) held = NULL;

  if (record == NULL || record->topic != NULL)
    {
      wherry_bug ("attached twice, or a channel that is not there");
      return;
    }
  record->topic = wherry_topic_ref (topic);
  record->outbox = wherry_outbox_ref (outbox);
  record->turn = ++self->last_turn;
  held = steal_held (self, record);

  if (record->channel != NULL
      && wherry_channel_get_state (record->channel) == WHERRY_CHANNEL_INCOMING)
    wherry_channel_accept (record->channel);
  if (WHERRY_PLANT (HELD_LOST) && record->channel == NULL)
    g_clear_pointer (&held, g_ptr_array_unref);
  for (guint i = 0; held != NULL && i < held->len; i++)
    wherry_port_publish (self, record, g_ptr_array_index (held, i));
  if (record->channel == NULL) /* closed meanwhile; what it had said was published */
    forget_own (self, record);
  else
    try_activate (self, record);
  wherry_port_update_pause (self);
}

void
wherry_port_channel_refuse (WherryMemberPort *self, guint64 token, WherrySignalError code,
                            const char *reason)
{
  WherryPortChannel *record = g_hash_table_lookup (self->channels, &token);
  g_autoptr (WherryChannel) channel = NULL;
  g_autoptr (GPtrArray) held = NULL;

  if (record == NULL || record->topic != NULL)
    {
      wherry_bug ("refused what is attached, or a channel that is not there");
      return;
    }
  held = steal_held (self, record);
  count_out (self, record);
  if (record->channel != NULL)
    {
      channel = g_object_ref (record->channel);
      wherry_channel_set_user_data (channel, NULL);
      g_clear_object (&record->channel);
    }
  g_hash_table_remove (self->channels, &token);
  if (channel != NULL)
    refuse_channel (self, channel, code, reason);
  wherry_port_update_pause (self);
}

/* ---- ours ---- */

void
wherry_port_channel_mirror (WherryMemberPort *self, guint64 token, WherryTopic *topic,
                            WherryOutbox *outbox, const WherryChannelInit *init)
{
  WherryPortChannel *record = record_new (self, WHERRY_PORT_MIRROR, token, init);

  self->n_mirrors++;
  record->topic = wherry_topic_ref (topic);
  record->outbox = wherry_outbox_ref (outbox);
  record->turn = ++self->last_turn;
  try_activate (self, record);
  wherry_port_update_pause (self); /* if it waits, grace begins */
}

/* ---- the end of one ---- */

void
wherry_port_channel_closed (WherryMemberPort *self, WherryPortChannel *record)
{
  gboolean by_member = !record->closing;
  guint64 token = record->token;

  g_clear_object (&record->channel);
  switch (record->kind)
    {
    case WHERRY_PORT_NOTICES:
      self->notices = NULL;
      g_hash_table_remove (self->channels, &token);
      break;
    case WHERRY_PORT_OWN:
      if (record->topic != NULL)
        forget_own (self, record);
      else
        {
          set_orphan (self, record, TRUE); /* until the hub answers */
          if (!is_over (self))
            wherry_port_post (self, WHERRY_PORT_GONE, token, NULL);
        }
      break;
    case WHERRY_PORT_MIRROR:
      {
        WherryPortRequest *request = is_over (self) ? NULL : g_new0 (WherryPortRequest, 1);

        if (request != NULL)
          {
            request->by_member = by_member;
            request->init = wherry_port_init_copy (record->init);
            wherry_port_post (self, WHERRY_PORT_MIRROR_CLOSED, token, request);
          }
        forget_mirror (self, record);
        break;
      }
    default:
      wherry_bug ("unknown kind %d", (int) record->kind);
      break;
    }
}
