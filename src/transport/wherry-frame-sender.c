/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-transport"

#include "config.h"

#include "transport/wherry-frame-sender.h"

#include "base/wherry-limits.h"

/* Kept for messages of one fragment, so that they need not wait for a large one's reader. */
#define RESERVE_MAX (64u * WHERRY_KIB)

/* A message of several fragments, not all of which are out. */
typedef struct
{
  WherryMessage *message;
  guint16 stream;
  gsize sent;
  gboolean reset_due;
} Open;

struct _WherryFrameSender
{
  void (*output) (gpointer user_data, GBytes *frames);
  gpointer user_data;
  GByteArray *out;
  guint corked;
  GQueue open; /* of Open, in turn */
  gsize unsent;
  gsize credit;
  gsize window; /* the most that it ever was */
  gboolean blocked;
  gboolean switch_due;
};

WherryFrameSender *
wherry_frame_sender_new (void (*output) (gpointer user_data, GBytes *frames), gpointer user_data)
{
  WherryFrameSender *self = g_new0 (WherryFrameSender, 1);

  self->output = output;
  self->user_data = user_data;
  self->out = g_byte_array_new ();
  g_queue_init (&self->open);
  return self;
}

static void
open_free (gpointer data)
{
  Open *open = data;

  wherry_message_unref (open->message);
  g_free (open);
}

void
wherry_frame_sender_free (WherryFrameSender *self)
{
  g_queue_clear_full (&self->open, open_free);
  g_byte_array_unref (self->out);
  g_free (self);
}

static void
flush (WherryFrameSender *self)
{
  GByteArray *out = self->out;

  if (out->len == 0)
    return;
  self->out = g_byte_array_new ();
  self->output (self->user_data, g_byte_array_free_to_bytes (out));
}

void
wherry_frame_sender_cork (WherryFrameSender *self)
{
  self->corked++;
}

void
wherry_frame_sender_uncork (WherryFrameSender *self)
{
  if (--self->corked == 0)
    flush (self);
}

void
wherry_frame_sender_write (WherryFrameSender *self, const WherryTunnelFrame *frame)
{
  /* no binary message is larger than one with a whole fragment */
  if (self->out->len + WHERRY_TUNNEL_HEADER_SIZE + frame->length
      > WHERRY_TUNNEL_HEADER_SIZE + WHERRY_TUNNEL_FRAGMENT_MAX)
    flush (self);
  wherry_tunnel_frame_write (frame, self->out);
  if (self->corked == 0)
    flush (self);
}

static gsize
get_cost (gsize length)
{
  return WHERRY_TUNNEL_FRAME_COST + length;
}

static void
write_data (WherryFrameSender *self, guint16 stream, WherryMessage *message, gsize from, gsize n)
{
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  const WherryTunnelFrame frame = {
    .type = WHERRY_TUNNEL_DATA,
    .stream = stream,
    .ppid = (guint8) wherry_message_get_ppid (message),
    .end = from + n == length,
    .data = data + from,
    .length = n,
  };

  self->credit -= get_cost (n);
  wherry_frame_sender_write (self, &frame);
}

static Open *
find_open (WherryFrameSender *self, guint16 stream)
{
  for (GList *link = self->open.head; link != NULL; link = link->next)
    if (((Open *) link->data)->stream == stream)
      return link->data;
  return NULL;
}

static gsize
get_large_credit (WherryFrameSender *self)
{
  gsize reserve = MIN (self->window / 4, RESERVE_MAX);

  return self->credit > reserve ? self->credit - reserve : 0;
}

static void
write_plain (WherryFrameSender *self, WherryTunnelType type, guint16 stream)
{
  const WherryTunnelFrame frame = { .type = type, .stream = stream };

  wherry_frame_sender_write (self, &frame);
}

/* Fragments of the large ones, in turn. */
static void
pump (WherryFrameSender *self)
{
  wherry_frame_sender_cork (self);
  while (self->open.length > 0)
    {
      Open *open = g_queue_peek_head (&self->open);
      gsize n = MIN (wherry_message_get_length (open->message) - open->sent,
                     WHERRY_TUNNEL_FRAGMENT_MAX);

      if (get_cost (n) > get_large_credit (self))
        break;
      g_queue_pop_head (&self->open);
      write_data (self, open->stream, open->message, open->sent, n);
      open->sent += n;
      self->unsent -= n;
      if (open->sent < wherry_message_get_length (open->message))
        {
          g_queue_push_tail (&self->open, open);
          continue;
        }
      if (open->reset_due)
        write_plain (self, WHERRY_TUNNEL_RESET, open->stream);
      open_free (open);
    }
  if (self->switch_due && self->open.length == 0)
    {
      self->switch_due = FALSE;
      write_plain (self, WHERRY_TUNNEL_SWITCH, 0);
    }
  wherry_frame_sender_uncork (self);
}

void
wherry_frame_sender_reset (WherryFrameSender *self, guint16 stream)
{
  Open *open = find_open (self, stream);

  if (open != NULL)
    open->reset_due = TRUE;
  else
    write_plain (self, WHERRY_TUNNEL_RESET, stream);
}

void
wherry_frame_sender_switch (WherryFrameSender *self)
{
  self->switch_due = TRUE;
  pump (self);
}

static gboolean
has_room (WherryFrameSender *self, guint16 stream, gsize length)
{
  if (find_open (self, stream) != NULL)
    return FALSE;
  if (length <= WHERRY_TUNNEL_FRAGMENT_MAX)
    return get_cost (length) <= self->credit;
  return self->open.length < WHERRY_TUNNEL_UNFINISHED_MAX
         && get_large_credit (self) >= get_cost (WHERRY_TUNNEL_FRAGMENT_MAX);
}

WherrySendResult
wherry_frame_sender_send (WherryFrameSender *self, guint16 stream, WherryMessage *message)
{
  gsize length = wherry_message_get_length (message);
  Open *open;

  if (!has_room (self, stream, length))
    {
      self->blocked = TRUE;
      return WHERRY_SEND_BLOCKED;
    }
  if (length <= WHERRY_TUNNEL_FRAGMENT_MAX)
    {
      write_data (self, stream, message, 0, length);
      return WHERRY_SEND_OK;
    }
  open = g_new0 (Open, 1);
  open->message = wherry_message_ref (message);
  open->stream = stream;
  g_queue_push_tail (&self->open, open);
  self->unsent += length;
  pump (self);
  return WHERRY_SEND_OK;
}

gboolean
wherry_frame_sender_take_credit (WherryFrameSender *self, guint32 credit)
{
  if (credit > G_MAXUINT32 - self->credit)
    return FALSE;
  /* A reader that promises more than ours would have more wait for the carrier than that takes. */
  self->credit = MIN (self->credit + credit, WHERRY_TUNNEL_WINDOW);
  self->window = MAX (self->window, self->credit);
  pump (self);
  return TRUE;
}

gboolean
wherry_frame_sender_became_writable (WherryFrameSender *self)
{
  gboolean was = self->blocked;

  if (get_large_credit (self) < get_cost (WHERRY_TUNNEL_FRAGMENT_MAX))
    return FALSE;
  self->blocked = FALSE;
  return was;
}

gsize
wherry_frame_sender_get_buffered (WherryFrameSender *self)
{
  return self->unsent + (self->window - self->credit);
}
