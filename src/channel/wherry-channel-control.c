/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-channel"

#include "config.h"

#include "base/wherry-share.h"

#include "channel/wherry-channel-private.h"

/* A DCEP message that the association has no room for now. */
typedef struct
{
  WherryChannel *channel; /* borrowed: forgotten with it */
  WherryMessage *message;
} Control;

/* RFC 8832 section 6: DCEP messages are sent reliably and in order. */
static const WherrySendOptions control_options
    = { .ordered = TRUE, .reliability = WHERRY_RELIABLE, .priority = WHERRY_PRIORITY_HIGH };

static void
control_free (gpointer data)
{
  Control *control = data;

  wherry_message_unref (control->message);
  g_free (control);
}

void
wherry_channel_control_forget (WherryChannelSet *self, WherryChannel *channel)
{
  for (GList *link = self->control.head; link != NULL;)
    {
      GList *next = link->next;
      Control *control = link->data;

      if (channel == NULL || control->channel == channel)
        {
          g_queue_delete_link (&self->control, link);
          control_free (control);
        }
      link = next;
    }
}

gboolean
wherry_channel_control_flush (WherryChannelSet *self)
{
  while (self->control.length > 0)
    {
      Control *control = g_queue_peek_head (&self->control);
      WherrySendResult result
          = wherry_stream_transport_send (self->transport, control->channel->init.id,
                                          &control_options, control->message);

      if (result == WHERRY_SEND_BLOCKED)
        return FALSE;
      /* failed: the association is ending, and says so itself */
      g_queue_pop_head (&self->control);
      control_free (control);
    }
  return TRUE;
}

void
wherry_channel_control_send (WherryChannelSet *self, WherryChannel *channel, const guint8 *data,
                             gsize length)
{
  Control *control = g_new0 (Control, 1);

  control->channel = channel;
  control->message = wherry_message_new (WHERRY_MESSAGE_CONTROL, data, length, NULL);
  g_queue_push_tail (&self->control, control);
  wherry_channel_control_flush (self);
}

gboolean
wherry_channel_control_is_unsent (WherryChannelSet *self, WherryChannel *channel)
{
  if (!channel->started)
    return !channel->theirs;
  if (channel->theirs || channel->init.negotiated)
    return FALSE;
  for (GList *link = self->control.head; link != NULL; link = link->next)
    if (((Control *) link->data)->channel == channel)
      return TRUE;
  return FALSE;
}
