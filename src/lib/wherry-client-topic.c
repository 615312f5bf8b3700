/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-topic-private.h"

#include <string.h>

#include "base/wherry-limits.h"

typedef struct
{
  guint64 own;
  GBytes *frame;
} Unacked;

static void
unacked_free (gpointer data)
{
  Unacked *unacked = data;

  g_bytes_unref (unacked->frame);
  g_free (unacked);
}

WherryClientTopic *
wherry_client_topic_new (void)
{
  WherryClientTopic *self = g_new0 (WherryClientTopic, 1);

  g_queue_init (&self->unacked);
  return self;
}

void
wherry_client_topic_free (WherryClientTopic *self)
{
  wherry_client_topic_cut (self);
  g_queue_clear_full (&self->unacked, unacked_free);
  g_free (self);
}

GBytes *
wherry_client_topic_frame (GBytes *payload, gboolean is_text, guint64 recipient, guint64 own)
{
  const WherryFrame frame = { .text = is_text, .member = recipient, .sequence = own };
  gsize length;
  const void *data = g_bytes_get_data (payload, &length);
  guint8 *framed = g_malloc (WHERRY_FRAME_HEADER_SIZE + length);

  wherry_frame_write (&frame, framed);
  if (length > 0)
    memcpy (framed + WHERRY_FRAME_HEADER_SIZE, data, length);
  return g_bytes_new_take (framed, WHERRY_FRAME_HEADER_SIZE + length);
}

static gboolean
is_open (WherryDataChannel *channel)
{
  return channel != NULL
         && wherry_data_channel_get_ready_state (channel) == WHERRY_DATA_CHANNEL_STATE_OPEN;
}

static void
use (WherryClientTopic *self, WherryDataChannel *carrier, gboolean mirrored)
{
  g_set_object (&self->active, carrier);
  self->active_mirrored = mirrored;
  /* each waits for room behind the one before, and what is new behind them all */
  for (GList *link = self->unacked.head; link != NULL; link = link->next)
    wherry_data_channel_send_bytes_async (carrier, ((Unacked *) link->data)->frame, NULL, NULL,
                                          NULL);
}

void
wherry_client_topic_enter (WherryClientTopic *self, WherryDataChannel *carrier, gboolean mirrored)
{
  if (self->active == carrier)
    return;
  if (!is_open (self->active) || (self->active_mirrored && !mirrored))
    use (self, carrier, mirrored);
}

void
wherry_client_topic_leave (WherryClientTopic *self, WherryDataChannel *carrier)
{
  if (self->active == carrier)
    g_clear_object (&self->active);
}

gboolean
wherry_client_topic_is_full (const WherryClientTopic *self)
{
  return self->bytes >= WHERRY_CLIENT_UNACKED_MAX;
}

gboolean
wherry_client_topic_send (WherryClientTopic *self, WherryDataChannel *carrier, GBytes *payload,
                          gboolean is_text, guint64 recipient, GError **error)
{
  g_autoptr (GBytes) frame = NULL;
  Unacked *unacked;

  if (!is_open (self->active))
    use (self, carrier, FALSE);
  frame = wherry_client_topic_frame (payload, is_text, recipient, self->own + 1);
  if (!wherry_data_channel_send_bytes (self->active, frame, error))
    return FALSE;
  unacked = g_new0 (Unacked, 1);
  unacked->own = ++self->own;
  self->bytes += g_bytes_get_size (frame);
  unacked->frame = g_steal_pointer (&frame);
  g_queue_push_tail (&self->unacked, unacked);
  return TRUE;
}

gboolean
wherry_client_topic_acknowledge (WherryClientTopic *self, guint64 own)
{
  gboolean was_full = wherry_client_topic_is_full (self);

  for (;;)
    {
      Unacked *first = g_queue_peek_head (&self->unacked);

      if (first == NULL || first->own > own)
        break;
      self->bytes -= g_bytes_get_size (first->frame);
      unacked_free (g_queue_pop_head (&self->unacked));
    }
  return was_full && !wherry_client_topic_is_full (self);
}

gboolean
wherry_client_topic_take (WherryClientTopic *self, const WherryFrame *frame)
{
  guint64 *last = frame->direct ? &self->direct : &self->seen;

  if (frame->replayed && frame->sequence <= *last)
    return FALSE;
  *last = MAX (*last, frame->sequence);
  return TRUE;
}

void
wherry_client_topic_cut (WherryClientTopic *self)
{
  g_clear_object (&self->active);
}
