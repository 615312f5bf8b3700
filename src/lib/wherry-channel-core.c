/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-limits.h"
#include "lib/wherry-connection-private.h"

/* ---- priority (RFC 8831 section 6.4) ---- */

guint16
wherry_priority_to_wire (WherryPriority priority)
{
  return (guint16) (128u << priority);
}

/* Any number may come; Firefox sends 0. */
WherryPriority
wherry_priority_from_wire (guint16 priority)
{
  if (priority == 0)
    return WHERRY_PRIORITY_LOW;
  if (priority <= 128)
    return WHERRY_PRIORITY_VERY_LOW;
  if (priority <= 256)
    return WHERRY_PRIORITY_LOW;
  return priority <= 512 ? WHERRY_PRIORITY_MEDIUM : WHERRY_PRIORITY_HIGH;
}

/* ---- life ---- */

static WherryChannelCore *
core_new (WherryConnection *connection, const char *label, const char *protocol)
{
  WherryChannelCore *self = g_new0 (WherryChannelCore, 1);

  wherry_ref_init (&self->ref_count);
  self->connection = wherry_connection_ref (connection);
  self->label = g_strdup (label);
  self->protocol = g_strdup (protocol != NULL ? protocol : "");
  self->max_packet_life_time = -1;
  self->max_retransmits = -1;
  self->id = self->made_id = -1;
  g_weak_ref_init (&self->shell, NULL);
  return self;
}

WherryChannelCore *
wherry_channel_core_new (WherryConnection *connection, const char *label,
                         const WherryDataChannelInit *init)
{
  WherryChannelCore *self = core_new (connection, label, init != NULL ? init->protocol : NULL);

  self->ordered = TRUE;
  self->wire_priority = wherry_priority_to_wire (WHERRY_PRIORITY_LOW);
  if (init == NULL)
    return self;
  self->ordered = init->ordered;
  self->max_packet_life_time = MAX (init->max_packet_life_time, -1);
  self->max_retransmits = MAX (init->max_retransmits, -1);
  self->negotiated = init->negotiated;
  self->wire_priority = wherry_priority_to_wire (init->priority);
  if (init->negotiated)
    self->id = self->made_id = init->id;
  return self;
}

WherryChannelCore *
wherry_channel_core_new_incoming (WherryConnection *connection, WherryChannel *channel)
{
  const WherryChannelInit *init = wherry_channel_get_init (channel);
  WherryChannelCore *self = core_new (connection, init->label, init->protocol);

  self->ordered = init->ordered;
  self->wire_priority = init->priority;
  if (init->reliability == WHERRY_MAX_PACKET_LIFE_TIME)
    self->max_packet_life_time = (int) MIN (init->reliability_value, G_MAXUINT16);
  else if (init->reliability == WHERRY_MAX_RETRANSMITS)
    self->max_retransmits = (int) MIN (init->reliability_value, G_MAXUINT16);
  self->channel = g_object_ref (channel);
  return self;
}

WherryChannelCore *
wherry_channel_core_ref (WherryChannelCore *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_channel_core_unref (WherryChannelCore *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->outgoing, (GDestroyNotify) wherry_message_unref);
  g_queue_clear_full (&self->held, (GDestroyNotify) wherry_message_unref);
  g_clear_object (&self->channel);
  g_weak_ref_clear (&self->shell);
  g_free (self->label);
  g_free (self->protocol);
  wherry_connection_unref (self->connection);
  g_free (self);
}

/* ---- states ---- */

WherryDataChannel *
wherry_channel_core_get_shell (WherryChannelCore *self)
{
  return self->connection->closed ? NULL : g_weak_ref_get (&self->shell);
}

static void
notify (WherryChannelCore *self, const char *name)
{
  g_autoptr (WherryDataChannel) shell = wherry_channel_core_get_shell (self);

  if (shell != NULL)
    g_object_notify (G_OBJECT (shell), name);
}

static void
set_state (WherryChannelCore *self, WherryDataChannelState state)
{
  if (self->state == state)
    return;
  self->state = state;
  notify (self, "ready-state");
}

static void
emit (WherryChannelCore *self, const char *name)
{
  g_autoptr (WherryDataChannel) shell = wherry_channel_core_get_shell (self);

  if (shell != NULL)
    wherry_data_channel_emit (shell, name);
}

void
wherry_channel_core_set_id (WherryChannelCore *self, int id)
{
  if (self->id == id)
    return;
  self->id = id;
  notify (self, "id");
}

void
wherry_channel_core_set_open (WherryChannelCore *self, gboolean tell)
{
  if (self->state != WHERRY_DATA_CHANNEL_STATE_CONNECTING)
    return;
  self->connection->n_opened++;
  set_state (self, WHERRY_DATA_CHANNEL_STATE_OPEN);
  if (tell)
    emit (self, "open");
}

/* webrtc-pc section 6.2.4 */
void
wherry_channel_core_closed (WherryChannelCore *self, const GError *reason)
{
  const GError *error = reason;
  g_autoptr (WherryDataChannel) shell = wherry_channel_core_get_shell (self);

  if (self->state == WHERRY_DATA_CHANNEL_STATE_CLOSED)
    return;
  if (self->closed_here && self->flushed)
    error = NULL;
  self->ended_badly = error != NULL;
  if (self->state != WHERRY_DATA_CHANNEL_STATE_CONNECTING)
    self->connection->n_closed++;
  if (self->state != WHERRY_DATA_CHANNEL_STATE_CLOSING)
    {
      set_state (self, WHERRY_DATA_CHANNEL_STATE_CLOSING);
      if (error == NULL)
        emit (self, "closing");
    }
  set_state (self, WHERRY_DATA_CHANNEL_STATE_CLOSED);
  wherry_channel_core_fail_waiting (self);
  if (error != NULL && shell != NULL && !self->connection->closed)
    wherry_data_channel_emit_error (shell, error);
  emit (self, "closed");
}

void
wherry_channel_core_abandon (WherryChannelCore *self)
{
  self->ended_badly = self->state != WHERRY_DATA_CHANNEL_STATE_CLOSED && !self->flushed;
  self->state = WHERRY_DATA_CHANNEL_STATE_CLOSED;
  g_queue_clear_full (&self->held, (GDestroyNotify) wherry_message_unref);
  wherry_channel_core_fail_waiting (self);
}

static void
drop_held (WherryChannelCore *self)
{
  WherryMessage *message = NULL;

  while ((message = g_queue_pop_head (&self->held)) != NULL)
    {
      wherry_connection_delivered (self->connection, wherry_message_get_charge (message));
      wherry_message_unref (message);
    }
}

void
wherry_channel_core_close (WherryChannelCore *self)
{
  if (self->state == WHERRY_DATA_CHANNEL_STATE_CLOSING
      || self->state == WHERRY_DATA_CHANNEL_STATE_CLOSED)
    return;
  self->closed_here = TRUE;
  drop_held (self);
  set_state (self, WHERRY_DATA_CHANNEL_STATE_CLOSING);
  wherry_connection_post_close_channel (self->connection, self);
  wherry_channel_core_fail_waiting (self);
}

/* ---- messages ---- */

static gboolean
has_handler (WherryChannelCore *self, WherryDataChannel *shell)
{
  if (!self->has_handler)
    self->has_handler = wherry_data_channel_has_handler (shell);
  return self->has_handler;
}

/* Takes message. */
static void
tell (WherryChannelCore *self, WherryDataChannel *shell, WherryMessage *message)
{
  gsize charge = wherry_message_get_charge (message);

  wherry_data_channel_emit_message (shell, message);
  wherry_message_unref (message);
  wherry_connection_delivered (self->connection, charge);
}

void
wherry_channel_core_receive (WherryChannelCore *self, WherryMessage *message)
{
  g_autoptr (WherryDataChannel) shell = wherry_channel_core_get_shell (self);

  self->messages_received++;
  self->bytes_received += wherry_message_get_length (message);
  if (shell == NULL || self->closed_here || self->discards
      || self->state == WHERRY_DATA_CHANNEL_STATE_CLOSED)
    {
      wherry_connection_delivered (self->connection, wherry_message_get_charge (message));
      wherry_message_unref (message);
    }
  else if (self->pulled)
    g_queue_push_tail (&self->held, message);
  /* An unordered one may overtake the acknowledgment that opens the channel. */
  else if (self->state == WHERRY_DATA_CHANNEL_STATE_CONNECTING || !g_queue_is_empty (&self->held)
           || !has_handler (self, shell))
    {
      if (g_queue_is_empty (&self->held))
        wherry_connection_hold (self->connection, self);
      g_queue_push_tail (&self->held, message);
    }
  else
    tell (self, shell, message);
}

gboolean
wherry_channel_core_can_release (WherryChannelCore *self)
{
  g_autoptr (WherryDataChannel) shell = wherry_channel_core_get_shell (self);

  /* with nobody left to tell, they are dropped */
  return shell == NULL || self->pulled || g_queue_is_empty (&self->held)
         || (self->state != WHERRY_DATA_CHANNEL_STATE_CONNECTING && has_handler (self, shell));
}

gboolean
wherry_channel_core_release (WherryChannelCore *self)
{
  g_autoptr (WherryDataChannel) shell = wherry_channel_core_get_shell (self);

  if (self->pulled)
    return FALSE;
  if (shell == NULL)
    drop_held (self);
  for (guint i = 0; i < WHERRY_DISPATCH_BATCH && !self->connection->closed; i++)
    {
      WherryMessage *message = g_queue_pop_head (&self->held);

      if (message == NULL)
        break;
      tell (self, shell, message);
    }
  return !g_queue_is_empty (&self->held);
}

/* ---- for a stream ---- */

void
wherry_channel_core_start_pulling (WherryChannelCore *self)
{
  self->pulled = TRUE;
}

gboolean
wherry_channel_core_can_pull (WherryChannelCore *self)
{
  return !g_queue_is_empty (&self->held) || self->state == WHERRY_DATA_CHANNEL_STATE_CLOSED;
}

WherryMessage *
wherry_channel_core_pull (WherryChannelCore *self)
{
  WherryMessage *message = g_queue_pop_head (&self->held);

  if (message != NULL)
    wherry_connection_delivered (self->connection, wherry_message_get_charge (message));
  return message;
}

void
wherry_channel_core_stop_reading (WherryChannelCore *self)
{
  self->discards = TRUE;
  drop_held (self);
}
