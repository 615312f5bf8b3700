/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-order.h"

typedef struct
{
  guint16 next;
  GQueue waiting; /* of WherrySctpWhole, by number */
} Stream;

/* Numbers wrap. */
static gboolean
is_before (guint16 a, guint16 b)
{
  return (gint16) (a - b) < 0;
}

static gsize
cost (const WherrySctpWhole *whole)
{
  return WHERRY_MESSAGE_OVERHEAD + (whole->bytes != NULL ? whole->bytes->len : 0);
}

void
wherry_sctp_whole_free (WherrySctpWhole *whole)
{
  if (whole->bytes != NULL)
    g_byte_array_unref (whole->bytes);
  g_free (whole);
}

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_queue_clear_full (&stream->waiting, (GDestroyNotify) wherry_sctp_whole_free);
  g_free (stream);
}

void
wherry_sctp_order_init (WherrySctpOrder *self)
{
  self->streams = g_hash_table_new_full (NULL, NULL, NULL, stream_free);
  g_queue_init (&self->ready);
  self->held = 0;
}

void
wherry_sctp_order_clear (WherrySctpOrder *self)
{
  g_clear_pointer (&self->streams, g_hash_table_unref);
  g_queue_clear_full (&self->ready, (GDestroyNotify) wherry_sctp_whole_free);
  self->held = 0;
}

static Stream *
ensure_stream (WherrySctpOrder *self, guint16 id)
{
  gpointer key = GUINT_TO_POINTER ((guint) id);
  Stream *stream = g_hash_table_lookup (self->streams, key);

  if (stream == NULL)
    {
      stream = g_new0 (Stream, 1);
      g_queue_init (&stream->waiting);
      g_hash_table_insert (self->streams, key, stream);
    }
  return stream;
}

static void
forget (WherrySctpOrder *self, WherrySctpWhole *whole)
{
  self->held -= cost (whole);
  wherry_sctp_whole_free (whole);
}

static void
make_ready (WherrySctpOrder *self, WherrySctpWhole *whole)
{
  if (whole->bytes != NULL)
    g_queue_push_tail (&self->ready, whole);
  else
    forget (self, whole);
}

/* Those that waited for the one before them. */
static void
advance (WherrySctpOrder *self, Stream *stream)
{
  WherrySctpWhole *first;

  while ((first = g_queue_peek_head (&stream->waiting)) != NULL && first->number == stream->next)
    {
      g_queue_pop_head (&stream->waiting);
      stream->next++;
      make_ready (self, first);
    }
}

gboolean
wherry_sctp_order_pass (WherrySctpOrder *self, guint16 stream, guint16 number)
{
  Stream *its = ensure_stream (self, stream);

  if (number != its->next)
    return FALSE;
  its->next++;
  advance (self, its);
  return TRUE;
}

static void
wait (WherrySctpOrder *self, Stream *stream, WherrySctpWhole *whole)
{
  GList *at = g_queue_peek_tail_link (&stream->waiting);

  while (at != NULL && is_before (whole->number, ((WherrySctpWhole *) at->data)->number))
    at = at->prev;
  if (is_before (whole->number, stream->next)
      || (at != NULL && ((WherrySctpWhole *) at->data)->number == whole->number))
    forget (self, whole); /* only somebody hostile sends one twice */
  else
    g_queue_insert_after (&stream->waiting, at, whole);
}

void
wherry_sctp_order_add (WherrySctpOrder *self, WherrySctpWhole *whole)
{
  Stream *stream;

  self->held += cost (whole);
  if (!whole->ordered)
    {
      make_ready (self, whole);
      return;
    }
  stream = ensure_stream (self, whole->stream);
  wait (self, stream, whole);
  advance (self, stream);
}

WherrySctpWhole *
wherry_sctp_order_pop (WherrySctpOrder *self)
{
  WherrySctpWhole *whole = g_queue_pop_head (&self->ready);

  if (whole != NULL)
    self->held -= cost (whole);
  return whole;
}

void
wherry_sctp_order_skip (WherrySctpOrder *self, guint16 stream, guint16 number)
{
  Stream *its = ensure_stream (self, stream);
  WherrySctpWhole *first;

  while ((first = g_queue_peek_head (&its->waiting)) != NULL && !is_before (number, first->number))
    make_ready (self, g_queue_pop_head (&its->waiting));
  if (!is_before (number, its->next))
    its->next = (guint16) (number + 1);
  advance (self, its);
}

void
wherry_sctp_order_drop_stream (WherrySctpOrder *self, guint16 stream)
{
  Stream *its = g_hash_table_lookup (self->streams, GUINT_TO_POINTER ((guint) stream));

  if (its == NULL)
    return;
  while (!g_queue_is_empty (&its->waiting))
    forget (self, g_queue_pop_head (&its->waiting));
  g_hash_table_remove (self->streams, GUINT_TO_POINTER ((guint) stream));
}
