/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-channel"

#include "config.h"

#include "channel/wherry-channel-private.h"

static void
reset_stream (WherryChannelSet *self, guint16 stream)
{
  wherry_stream_transport_reset_stream (self->transport, stream);
}

void
wherry_channel_closing_refuse (WherryChannelSet *self, guint16 stream)
{
  if (g_hash_table_add (self->refused, GUINT_TO_POINTER (stream)))
    reset_stream (self, stream);
}

gboolean
wherry_channel_closing_is_resetting (WherryChannelSet *self, guint16 stream)
{
  WherryChannel *channel = wherry_channel_set_lookup (self, stream);

  if (channel == NULL)
    return g_hash_table_contains (self->refused, GUINT_TO_POINTER (stream));
  return channel->state == WHERRY_CHANNEL_CLOSING && !channel->outgoing_done;
}

void
wherry_channel_closing_begin (WherryChannelSet *self, WherryChannel *channel)
{
  WHERRY_ASSERT_OWNER (self);

  if (!self->connected || wherry_channel_control_is_unsent (self, channel))
    {
      wherry_channel_set_finish (self, channel);
      return;
    }
  wherry_channel_control_forget (self, channel);
  channel->state = WHERRY_CHANNEL_CLOSING;
  reset_stream (self, channel->init.id);
}

static void
check_closed (WherryChannelSet *self, WherryChannel *channel)
{
  if (channel->incoming_done && channel->outgoing_done)
    wherry_channel_set_finish (self, channel);
}

/* RFC 8831 section 6.7: a reset is answered by a reset. */
void
wherry_channel_closing_incoming_reset (WherryChannelSet *self, guint16 stream)
{
  WherryChannel *channel = wherry_channel_set_lookup (self, stream);

  /* the answer to our reset of what was there before */
  if (channel == NULL || channel->wait_reset)
    return;
  channel->incoming_done = TRUE;
  if (channel->state != WHERRY_CHANNEL_CLOSING)
    wherry_channel_closing_begin (self, channel);
  else
    check_closed (self, channel);
}

void
wherry_channel_closing_on_incoming_reset (gpointer user_data, guint16 stream)
{
  g_autoptr (WherryChannelSet) self = g_object_ref (user_data);

  if (!wherry_channel_held_take_reset (self, stream))
    wherry_channel_closing_incoming_reset (self, stream);
}

void
wherry_channel_closing_on_outgoing_reset (gpointer user_data, guint16 stream)
{
  g_autoptr (WherryChannelSet) self = g_object_ref (user_data);
  WherryChannel *found = wherry_channel_set_lookup (self, stream);
  g_autoptr (WherryChannel) channel = found != NULL ? g_object_ref (found) : NULL;

  g_hash_table_remove (self->refused, GUINT_TO_POINTER (stream));
  if (channel != NULL && channel->wait_reset)
    wherry_channel_protocol_go_on (self, channel);
  else if (channel != NULL)
    {
      /* The transport resets by itself a stream with a message that is too large. */
      channel->outgoing_done = TRUE;
      channel->state = WHERRY_CHANNEL_CLOSING;
      if (self->events->flushed != NULL)
        self->events->flushed (self->user_data, channel);
      if (channel->set != NULL)
        check_closed (self, channel);
    }
  wherry_channel_held_replay (self, stream);
}
