/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-channel"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "wire/wherry-dcep.h"

#include "channel/wherry-channel-private.h"

/* To the other side a stream is free as soon as it has our reset; to us only when we have its
 * answer (RFC 6525 section 5.2.7), which may be lost, or overtaken. So an OPEN that comes meanwhile
 * is no error: it waits for that answer, and what follows on its stream waits behind it. */

typedef struct
{
  GQueue items;     /* of WherryMessage; NULL: their reset */
  gboolean refused; /* it was too much: nothing is kept, and the stream is reset once more */
} Held;

static gsize
get_charge (WherryMessage *message)
{
  return message != NULL ? wherry_message_get_charge (message) : WHERRY_MESSAGE_OVERHEAD;
}

static WherryMessage *
pop (WherryChannelSet *self, Held *held)
{
  WherryMessage *message = g_queue_pop_head (&held->items);

  self->held_bytes -= get_charge (message);
  return message;
}

static void
discard (WherryChannelSet *self, Held *held)
{
  while (held->items.length > 0)
    {
      WherryMessage *message = pop (self, held);

      g_clear_pointer (&message, wherry_message_unref);
    }
}

static void
push (WherryChannelSet *self, Held *held, WherryMessage *message)
{
  gsize charge = get_charge (message);

  if (held->refused)
    return;
  if (charge > WHERRY_CHANNEL_HELD_MAX - self->held_bytes)
    {
      /* Pausing the association is no help: it tells of the answer in turn with its data. */
      wherry_counter_inc (WHERRY_COUNTER_CHANNELS_REFUSED);
      discard (self, held);
      held->refused = TRUE;
      return;
    }
  self->held_bytes += charge;
  g_queue_push_tail (&held->items, message != NULL ? wherry_message_ref (message) : NULL);
}

static gboolean
is_open (WherryMessage *message)
{
  gsize length;
  const guint8 *data;
  WherryDcepType type;

  if (message == NULL || wherry_message_get_kind (message) != WHERRY_MESSAGE_CONTROL)
    return FALSE;
  data = wherry_message_get_data (message, &length);
  return wherry_dcep_get_type (data, length, &type, NULL) && type == WHERRY_DCEP_OPEN;
}

gboolean
wherry_channel_held_take (WherryChannelSet *self, guint16 stream, WherryMessage *message)
{
  Held *held = g_hash_table_lookup (self->held, GUINT_TO_POINTER (stream));

  if (held == NULL)
    {
      if (!is_open (message) || wherry_channel_protocol_is_our_id (self, stream)
          || !wherry_channel_closing_is_resetting (self, stream))
        return FALSE;
      held = g_new0 (Held, 1);
      g_hash_table_insert (self->held, GUINT_TO_POINTER (stream), held);
    }
  push (self, held, message);
  return TRUE;
}

gboolean
wherry_channel_held_take_reset (WherryChannelSet *self, guint16 stream)
{
  Held *held = g_hash_table_lookup (self->held, GUINT_TO_POINTER (stream));

  if (held == NULL)
    return FALSE;
  push (self, held, NULL);
  return TRUE;
}

static void
forget (WherryChannelSet *self, guint16 stream, Held *held)
{
  g_hash_table_remove (self->held, GUINT_TO_POINTER (stream));
  discard (self, held);
  g_free (held);
}

/* RFC 8831 section 6.7: reset, so that they hear that it is closed. */
static void
refuse (WherryChannelSet *self, guint16 stream)
{
  WherryChannel *old = wherry_channel_set_lookup (self, stream);

  if (old != NULL)
    wherry_channel_set_finish (self, old);
  if (self->connected)
    wherry_channel_closing_refuse (self, stream);
}

void
wherry_channel_held_replay (WherryChannelSet *self, guint16 stream)
{
  Held *held;

  while (self->connected
         && (held = g_hash_table_lookup (self->held, GUINT_TO_POINTER (stream))) != NULL)
    {
      g_autoptr (WherryMessage) message = NULL;

      /* the next one came behind a reset of ours too, and waits in its turn */
      if ((held->refused || is_open (g_queue_peek_head (&held->items)))
          && wherry_channel_closing_is_resetting (self, stream))
        return;
      if (held->refused)
        {
          forget (self, stream, held);
          refuse (self, stream);
          return;
        }
      message = pop (self, held);
      /* what an event below makes the association deliver comes behind the rest */
      if (held->items.length == 0)
        forget (self, stream, held);
      if (message != NULL)
        wherry_channel_protocol_message (self, stream, message);
      else
        wherry_channel_closing_incoming_reset (self, stream);
    }
}

void
wherry_channel_held_clear (WherryChannelSet *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->held);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      g_hash_table_iter_remove (&iter);
      discard (self, value);
      g_free (value);
    }
}
