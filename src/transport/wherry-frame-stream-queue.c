/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "transport/wherry-frame-stream-private.h"

/* What a frame stream tells its reader, in the order in which it came. */

/* What came and was not told, because the reader pauses. */
typedef struct
{
  WherryTunnelFrame frame;
  guint8 payload[];
} Item;

/* A message of which fragments are missing. */
typedef struct
{
  guint8 ppid;
  GByteArray *data;
} Part;

static void
charge (WherryFrameStream *self, gsize bytes)
{
  self->charged += bytes;
  if (self->budget != NULL)
    wherry_budget_charge (self->budget, bytes);
}

static void
release (WherryFrameStream *self, gsize bytes)
{
  self->charged -= bytes;
  if (self->budget != NULL)
    wherry_budget_release (self->budget, bytes);
}

static void
part_free (gpointer data)
{
  Part *part = data;

  g_byte_array_unref (part->data);
  g_free (part);
}

void
wherry_frame_stream_queue_init (WherryFrameStream *self)
{
  g_queue_init (&self->queue);
  self->parts = g_hash_table_new_full (NULL, NULL, NULL, part_free);
}

void
wherry_frame_stream_queue_clear (WherryFrameStream *self)
{
  g_queue_clear_full (&self->queue, g_free);
  g_hash_table_remove_all (self->parts);
  release (self, self->charged);
}

static void
give_back (WherryFrameStream *self, gsize cost)
{
  self->consumed += cost;
  if (self->consumed >= WHERRY_TUNNEL_WINDOW / 4)
    {
      const WherryTunnelFrame frame
          = { .type = WHERRY_TUNNEL_CREDIT, .credit = (guint32) self->consumed };

      self->allowed += self->consumed;
      self->consumed = 0;
      wherry_frame_stream_write (self, &frame);
    }
}

static void
tell_message (WherryFrameStream *self, guint16 stream, guint8 ppid, const guint8 *data,
              gsize length)
{
  g_autoptr (WherryMessage) message = NULL;
  WherryMessageKind kind;
  gboolean empty;

  wherry_message_kind_from_ppid (ppid, &kind, &empty);
  message = wherry_message_new (kind, data, length, self->budget);
  if (self->events->message != NULL)
    self->events->message (self->user_data, stream, message);
}

/* FALSE: it breaks a rule, and the transport has failed. */
static gboolean
add_fragment (WherryFrameStream *self, Part **part, const WherryTunnelFrame *frame)
{
  const char *wrong = NULL;

  if (*part == NULL && g_hash_table_size (self->parts) >= WHERRY_TUNNEL_UNFINISHED_MAX)
    wrong = "has too many messages under way";
  else if (*part != NULL && (*part)->ppid != frame->ppid)
    wrong = "changed the kind of a message";
  else if ((*part != NULL ? (*part)->data->len : 0u) + frame->length > self->max_message_size)
    wrong = "sent a message that is too large";
  if (wrong != NULL)
    {
      wherry_frame_stream_violated (self, wrong);
      return FALSE;
    }
  if (*part == NULL)
    {
      *part = g_new0 (Part, 1);
      (*part)->ppid = frame->ppid;
      (*part)->data = g_byte_array_new ();
      g_hash_table_insert (self->parts, GUINT_TO_POINTER (frame->stream), *part);
    }
  g_byte_array_append ((*part)->data, frame->data, (guint) frame->length);
  charge (self, frame->length);
  return TRUE;
}

static void
tell_data (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  Part *part = g_hash_table_lookup (self->parts, GUINT_TO_POINTER (frame->stream));
  g_autoptr (GByteArray) whole = NULL;

  /* before what the message makes its reader do */
  give_back (self, WHERRY_TUNNEL_FRAME_COST + frame->length);
  if (part == NULL && frame->end && frame->length <= self->max_message_size)
    {
      tell_message (self, frame->stream, frame->ppid, frame->data, frame->length);
      return;
    }
  if (!add_fragment (self, &part, frame) || !frame->end)
    return;
  whole = g_byte_array_ref (part->data);
  release (self, whole->len);
  g_hash_table_remove (self->parts, GUINT_TO_POINTER (frame->stream));
  tell_message (self, frame->stream, frame->ppid, whole->data, whole->len);
}

static void
tell_reset (WherryFrameStream *self, guint16 stream)
{
  Part *part = g_hash_table_lookup (self->parts, GUINT_TO_POINTER (stream));

  self->n_incoming_resets--;
  if (part != NULL)
    {
      release (self, part->data->len);
      g_hash_table_remove (self->parts, GUINT_TO_POINTER (stream));
    }
  wherry_frame_stream_write_plain (self, WHERRY_TUNNEL_RESET_DONE, stream);
  if (self->events->incoming_reset != NULL)
    self->events->incoming_reset (self->user_data, stream);
}

static void
tell (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  switch (frame->type)
    {
    case WHERRY_TUNNEL_DATA:
      tell_data (self, frame);
      break;
    case WHERRY_TUNNEL_RESET:
      tell_reset (self, frame->stream);
      break;
    case WHERRY_TUNNEL_RESET_DONE:
      self->n_resets--;
      if (self->events->outgoing_reset != NULL)
        self->events->outgoing_reset (self->user_data, frame->stream);
      break;
    case WHERRY_TUNNEL_SWITCH:
      if (self->carrier->switching != NULL)
        self->carrier->switching (self->carrier_data);
      break;
    case WHERRY_TUNNEL_HELLO:
    case WHERRY_TUNNEL_CREDIT:
    case WHERRY_TUNNEL_SWITCHED:
    case WHERRY_TUNNEL_CLOSE:
    default:
      break;
    }
}

static gboolean
may_tell (WherryFrameStream *self)
{
  return self->events != NULL && !wherry_frame_stream_is_ended (self)
         && (!self->paused || self->ending != NULL);
}

static gsize
get_item_charge (const Item *item)
{
  return sizeof *item + item->frame.length;
}

void
wherry_frame_stream_queue_tell (WherryFrameStream *self)
{
  if (self->delivering)
    return;
  g_object_ref (self);
  self->delivering = TRUE;
  wherry_frame_sender_cork (self->sender);
  while (self->queue.length > 0 && may_tell (self))
    {
      g_autofree Item *item = g_queue_pop_head (&self->queue);

      release (self, get_item_charge (item));
      tell (self, &item->frame);
    }
  self->delivering = FALSE;
  wherry_frame_sender_uncork (self->sender);
  if (self->ending != NULL && self->queue.length == 0 && self->events != NULL)
    wherry_frame_stream_tell_end (self, self->ending_state, self->ending);
  g_object_unref (self);
}

static void
enqueue (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  Item *item = g_malloc (sizeof *item + frame->length);

  item->frame = *frame;
  if (frame->length > 0)
    memcpy (item->payload, frame->data, frame->length);
  item->frame.data = item->payload;
  charge (self, get_item_charge (item));
  g_queue_push_tail (&self->queue, item);
}

void
wherry_frame_stream_queue_take (WherryFrameStream *self, const WherryTunnelFrame *frame)
{
  if (self->queue.length == 0 && !self->delivering && may_tell (self))
    tell (self, frame);
  else
    enqueue (self, frame);
}
