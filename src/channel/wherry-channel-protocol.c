/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-channel"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "wire/wherry-dcep.h"

#include "channel/wherry-channel-private.h"

static void
emit_writable (WherryChannelSet *self)
{
  if (wherry_channel_control_flush (self) && self->events->writable != NULL)
    self->events->writable (self->user_data);
}

/* ---- opening ---- */

static void
emit_open (WherryChannelSet *self, WherryChannel *channel)
{
  channel->state = WHERRY_CHANNEL_OPEN;
  if (self->events->open != NULL)
    self->events->open (self->user_data, channel);
}

/* The values of the three enumerations are the same, in wire and here. */
G_STATIC_ASSERT ((int) WHERRY_DCEP_RELIABLE == (int) WHERRY_RELIABLE);
G_STATIC_ASSERT ((int) WHERRY_DCEP_REXMIT == (int) WHERRY_MAX_RETRANSMITS);
G_STATIC_ASSERT ((int) WHERRY_DCEP_TIMED == (int) WHERRY_MAX_PACKET_LIFE_TIME);

static void
send_open (WherryChannelSet *self, WherryChannel *channel)
{
  WherryDcepOpen open = { .ordered = channel->init.ordered,
                          .reliability = (WherryDcepReliability) channel->init.reliability,
                          .value = channel->init.reliability_value,
                          .priority = channel->init.priority,
                          .label = channel->label,
                          .protocol = channel->protocol };
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *data = NULL;
  gsize length;

  data = wherry_dcep_open_write (&open, &length, &error);
  if (data == NULL)
    {
      wherry_bug ("A channel that was made cannot be opened: %s", error->message);
      wherry_channel_set_finish (self, channel);
      return;
    }
  channel->started = TRUE;
  wherry_channel_control_send (self, channel, data, length);
}

static void
send_ack (WherryChannelSet *self, WherryChannel *channel)
{
  gsize length;
  const guint8 *data = wherry_dcep_ack_get (&length);

  wherry_channel_control_send (self, channel, data, length);
}

void
wherry_channel_protocol_start (WherryChannelSet *self, WherryChannel *channel)
{
  /* RFC 6525 section 5.1.2: what is sent meanwhile would belong to what is reset */
  channel->wait_reset
      = !channel->theirs
        && g_hash_table_contains (self->refused, GUINT_TO_POINTER ((guint) channel->init.id));
  if (channel->wait_reset)
    return;
  channel->wait_streams
      = !wherry_stream_transport_ensure_streams (self->transport, channel->init.id + 1u);
  if (channel->wait_streams)
    return;
  if (channel->theirs)
    {
      if (channel->ack_due)
        send_ack (self, channel);
      channel->ack_due = FALSE;
    }
  else if (channel->init.negotiated)
    {
      channel->started = TRUE;
      channel->acknowledged = TRUE;
      emit_open (self, channel);
    }
  else
    send_open (self, channel);
}

void
wherry_channel_protocol_go_on (WherryChannelSet *self, WherryChannel *channel)
{
  wherry_channel_protocol_start (self, channel);
  if (self->connected)
    emit_writable (self);
}

void
wherry_channel_protocol_accept (WherryChannelSet *self, WherryChannel *channel)
{
  G_GNUC_UNUSED g_autoptr (WherryChannel) kept = g_object_ref (channel);

  WHERRY_ASSERT_OWNER (self);

  if (channel->wait_streams)
    channel->ack_due = TRUE;
  else
    send_ack (self, channel);
  channel->acknowledged = TRUE;
  emit_open (self, channel);
}

void
wherry_channel_protocol_connected (WherryChannelSet *self)
{
  G_GNUC_UNUSED g_autoptr (WherryChannelSet) kept = g_object_ref (self);
  g_autoptr (GPtrArray) channels = NULL;

  if (self->connected)
    return;
  self->connected = TRUE;
  if (self->events->state != NULL)
    self->events->state (self->user_data, WHERRY_TRANSPORT_CONNECTED, NULL);
  channels = wherry_channel_set_snapshot (self);
  for (guint i = 0; i < channels->len && self->connected; i++)
    {
      WherryChannel *channel = g_ptr_array_index (channels, i);

      /* those that were made in the state event have been started by create() */
      if (channel->set != NULL && !channel->started && !channel->wait_streams
          && channel->init.id != WHERRY_CHANNEL_ID_NONE)
        wherry_channel_protocol_start (self, channel);
    }
}

/* ---- sending ---- */

WherrySendResult
wherry_channel_protocol_send (WherryChannelSet *self, WherryChannel *channel,
                              WherryMessage *message)
{
  WherrySendOptions options = { .ordered = channel->init.ordered || !channel->acknowledged,
                                .reliability = channel->init.reliability,
                                .value = channel->init.reliability_value,
                                .priority = channel->init.priority };

  WHERRY_ASSERT_OWNER (self);

  /* before its OPEN, or behind DCEP messages that wait for room: writable comes for both */
  if (!self->connected || !channel->started || channel->wait_streams
      || (self->control.length > 0 && !wherry_channel_control_flush (self)))
    return WHERRY_SEND_BLOCKED;
  return wherry_stream_transport_send (self->transport, channel->init.id, &options, message);
}

/* ---- messages ---- */

gboolean
wherry_channel_protocol_is_our_id (WherryChannelSet *self, guint16 id)
{
  return (id % 2 == 0) == self->is_dtls_client;
}

static gboolean
check_names (WherryChannelSet *self, const WherryDcepOpen *open, GError **error)
{
  if (self->long_names
      || (strlen (open->label) <= WHERRY_LABEL_MAX
          && strlen (open->protocol) <= WHERRY_CHANNEL_PROTOCOL_MAX))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
               "its label has %" G_GSIZE_FORMAT " bytes and its protocol %" G_GSIZE_FORMAT,
               strlen (open->label), strlen (open->protocol));
  return FALSE;
}

static void
on_open (WherryChannelSet *self, guint16 stream, const guint8 *data, gsize length)
{
  g_auto (WherryDcepOpen) open = { 0 };
  g_autoptr (GError) error = NULL;
  WherryChannelInit init;
  WherryChannel *channel = wherry_channel_set_lookup (self, stream);

  /* our side of it is closed: to them theirs is too, or they would not have used the id again */
  if (channel != NULL && channel->outgoing_done
      && !wherry_channel_protocol_is_our_id (self, stream))
    wherry_channel_set_finish (self, channel);
  /* in use, negotiated or not: the channel that is there stays as it is */
  else if (channel != NULL || g_hash_table_contains (self->refused, GUINT_TO_POINTER (stream)))
    {
      wherry_counter_inc (WHERRY_COUNTER_DCEP_BAD);
      return;
    }
  if (!self->connected)
    return;
  if (wherry_channel_protocol_is_our_id (self, stream) || stream >= WHERRY_SCTP_STREAMS_MAX
      || !wherry_dcep_open_parse (&open, data, length, &error)
      || !check_names (self, &open, &error))
    {
      wherry_debug (NULL, "A channel is refused on stream %u: %s", stream,
                    error != NULL ? error->message : "not an id of the other side's");
      wherry_counter_inc (WHERRY_COUNTER_DCEP_BAD);
      wherry_channel_closing_refuse (self, stream);
      return;
    }
  init = (WherryChannelInit){ .label = open.label,
                              .protocol = open.protocol,
                              .ordered = open.ordered,
                              .reliability = (WherryReliability) open.reliability,
                              .reliability_value = open.value,
                              .priority = open.priority,
                              .id = stream };
  if (self->n_theirs >= self->max_channels
      || (self->long_names && !wherry_channel_set_has_room_for_names (self, &init)))
    {
      wherry_counter_inc (WHERRY_COUNTER_CHANNELS_REFUSED);
      wherry_channel_closing_refuse (self, stream);
      return;
    }
  channel = wherry_channel_new (self, &init);
  channel->theirs = TRUE;
  channel->started = TRUE;
  channel->state = WHERRY_CHANNEL_INCOMING;
  channel->wait_streams = !wherry_stream_transport_ensure_streams (self->transport, stream + 1u);
  wherry_channel_set_add (self, channel);
  if (self->events->incoming != NULL)
    self->events->incoming (self->user_data, channel);
}

/* RFC 8832 section 6: an ACK, and any other message just as well. */
static void
on_acknowledged (WherryChannelSet *self, WherryChannel *channel)
{
  if (channel->state != WHERRY_CHANNEL_CONNECTING
      || wherry_channel_control_is_unsent (self, channel))
    return;
  channel->acknowledged = TRUE;
  emit_open (self, channel);
}

static void
on_control (WherryChannelSet *self, guint16 stream, const guint8 *data, gsize length)
{
  WherryChannel *channel = wherry_channel_set_lookup (self, stream);
  g_autoptr (GError) error = NULL;
  WherryDcepType type;

  if (!wherry_dcep_get_type (data, length, &type, &error))
    {
      wherry_counter_inc (WHERRY_COUNTER_DCEP_BAD);
      if (channel == NULL)
        wherry_channel_closing_refuse (self, stream);
      return;
    }
  if (type == WHERRY_DCEP_OPEN)
    {
      on_open (self, stream, data, length);
      return;
    }
  if (!wherry_dcep_ack_parse (data, length, &error) || channel == NULL || channel->theirs
      || channel->init.negotiated)
    {
      wherry_counter_inc (WHERRY_COUNTER_DCEP_BAD);
      return;
    }
  on_acknowledged (self, channel);
}

void
wherry_channel_protocol_message (WherryChannelSet *self, guint16 stream, WherryMessage *message)
{
  g_autoptr (WherryChannel) channel = NULL;
  gsize length;
  const guint8 *data;

  if (wherry_message_get_kind (message) == WHERRY_MESSAGE_CONTROL)
    {
      data = wherry_message_get_data (message, &length);
      on_control (self, stream, data, length);
      return;
    }
  channel = wherry_channel_set_lookup (self, stream);
  if (channel != NULL && channel->wait_reset)
    {
      wherry_counter_inc (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA);
      return;
    }
  if (channel == NULL)
    {
      wherry_counter_inc (WHERRY_COUNTER_SCTP_BAD_STREAM_DATA);
      wherry_channel_closing_refuse (self, stream);
      return;
    }
  g_object_ref (channel);
  on_acknowledged (self, channel);
  /* CONNECTING too: a negotiated one, for which we have no stream yet, but they have. CLOSING too:
   * our reset ends what we send; what they sent before they answer it was acknowledged. */
  if (channel->state != WHERRY_CHANNEL_CLOSED && self->events->message != NULL)
    self->events->message (self->user_data, channel, message);
}

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  g_autoptr (WherryChannelSet) self = g_object_ref (user_data);

  if (!wherry_channel_held_take (self, stream, message))
    wherry_channel_protocol_message (self, stream, message);
}

/* ---- the association ---- */

static void
on_writable (gpointer user_data)
{
  g_autoptr (WherryChannelSet) self = g_object_ref (user_data);

  emit_writable (self);
}

static void
on_streams (gpointer user_data, guint n)
{
  g_autoptr (WherryChannelSet) self = g_object_ref (user_data);
  g_autoptr (GPtrArray) channels = wherry_channel_set_snapshot (self);
  gboolean any = FALSE;

  for (guint i = 0; i < channels->len && self->connected; i++)
    {
      WherryChannel *channel = g_ptr_array_index (channels, i);

      if (channel->set == NULL || !channel->wait_streams)
        continue;
      channel->wait_streams = FALSE;
      any = TRUE;
      if (channel->init.id < n)
        wherry_channel_protocol_start (self, channel);
      else if (channel->theirs)
        {
          /* we have no stream to answer on */
          wherry_counter_inc (WHERRY_COUNTER_CHANNELS_REFUSED);
          wherry_channel_set_finish (self, channel);
        }
      else
        wherry_channel_set_finish (self, channel);
    }
  if (any && self->connected)
    emit_writable (self);
}

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  g_autoptr (WherryChannelSet) self = g_object_ref (user_data);

  if (state == WHERRY_TRANSPORT_CONNECTED)
    {
      wherry_channel_protocol_connected (self);
      if (self->connected)
        emit_writable (self);
      return;
    }
  if (state != WHERRY_TRANSPORT_FAILED && state != WHERRY_TRANSPORT_CLOSED)
    return;
  wherry_channel_set_close (self);
  if (self->events->state != NULL)
    self->events->state (self->user_data, state, error);
}

const WherryStreamTransportEvents wherry_channel_protocol_events = {
  .state = on_state,
  .message = on_message,
  .incoming_reset = wherry_channel_closing_on_incoming_reset,
  .outgoing_reset = wherry_channel_closing_on_outgoing_reset,
  .writable = on_writable,
  .streams = on_streams,
};
