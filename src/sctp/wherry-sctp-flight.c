/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "base/wherry-bytes.h"

#include "sctp/wherry-sctp-chunks.h"
#include "sctp/wherry-sctp-flight.h"

/* TSNs wrap (RFC 9260 section 1.6). */
static gboolean
tsn_before (guint32 a, guint32 b)
{
  return (gint32) (a - b) < 0;
}

void
wherry_sctp_flight_init (WherrySctpFlight *self)
{
  *self = (WherrySctpFlight){ 0 };
  g_queue_init (&self->sent);
}

void
wherry_sctp_flight_clear (WherrySctpFlight *self)
{
  g_queue_clear (&self->sent);
  self->unsent = 0;
  self->unacked = 0;
}

void
wherry_sctp_flight_taken (WherrySctpFlight *self, gsize bytes)
{
  self->unsent += bytes;
}

static void
on_data (WherrySctpFlight *self, guint32 tsn, gsize payload)
{
  guint32 next = self->first_tsn + self->sent.length;

  if (!self->any)
    {
      self->any = TRUE;
      self->first_tsn = next = tsn;
    }
  if (tsn_before (tsn, next))
    return; /* a retransmission */
  /* a TSN that was given up before it was sent */
  for (; next != tsn; next++)
    g_queue_push_tail (&self->sent, GSIZE_TO_POINTER (0));
  g_queue_push_tail (&self->sent, GSIZE_TO_POINTER (payload));
  self->unsent -= MIN (self->unsent, payload);
  self->unacked += payload;
}

static void
on_cumulative_ack (WherrySctpFlight *self, guint32 tsn)
{
  while (self->any && self->sent.length > 0 && !tsn_before (tsn, self->first_tsn))
    {
      self->unacked -= GPOINTER_TO_SIZE (g_queue_pop_head (&self->sent));
      self->first_tsn++;
    }
}

typedef void (*ChunkFunc) (WherrySctpFlight *self, guint8 type, gsize length, guint32 first);

/* Every chunk that we look at has a TSN behind its header. */
static void
foreach_chunk (WherrySctpFlight *self, const guint8 *data, gsize length, ChunkFunc func)
{
  WherryReader reader;
  const guint8 *skipped;

  wherry_reader_init (&reader, data, length);
  wherry_reader_bytes (&reader, WHERRY_SCTP_COMMON_HEADER, &skipped);
  while (!reader.failed && wherry_reader_left (&reader) >= WHERRY_SCTP_CHUNK_HEADER + 4)
    {
      guint8 type = 0;
      guint8 flags;
      guint16 size = 0;
      guint32 first = 0;
      gsize rest;

      wherry_reader_u8 (&reader, &type);
      wherry_reader_u8 (&reader, &flags);
      wherry_reader_u16 (&reader, &size);
      if (size < WHERRY_SCTP_CHUNK_HEADER)
        return;
      rest = wherry_sctp_padded (size - WHERRY_SCTP_CHUNK_HEADER);
      if (rest >= 4)
        {
          wherry_reader_u32 (&reader, &first);
          rest -= 4;
          func (self, type, size, first);
        }
      wherry_reader_bytes (&reader, MIN (rest, wherry_reader_left (&reader)), &skipped);
    }
}

static void
on_chunk_out (WherrySctpFlight *self, guint8 type, gsize length, guint32 first)
{
  if (type == WHERRY_SCTP_CHUNK_DATA && length > WHERRY_SCTP_DATA_HEADER)
    on_data (self, first, length - WHERRY_SCTP_DATA_HEADER);
  else if (type == WHERRY_SCTP_CHUNK_I_DATA && length > WHERRY_SCTP_I_DATA_HEADER)
    on_data (self, first, length - WHERRY_SCTP_I_DATA_HEADER);
}

static void
on_chunk_in (WherrySctpFlight *self, guint8 type, gsize length, guint32 first)
{
  if (type == WHERRY_SCTP_CHUNK_SACK || type == WHERRY_SCTP_CHUNK_SHUTDOWN)
    on_cumulative_ack (self, first);
}

void
wherry_sctp_flight_packet_out (WherrySctpFlight *self, const guint8 *data, gsize length)
{
  foreach_chunk (self, data, length, on_chunk_out);
}

void
wherry_sctp_flight_packet_in (WherrySctpFlight *self, const guint8 *data, gsize length)
{
  if (self->sent.length > 0)
    foreach_chunk (self, data, length, on_chunk_in);
}

void
wherry_sctp_flight_reset (WherrySctpFlight *self)
{
  self->first_tsn += self->sent.length;
  wherry_sctp_flight_clear (self);
}

gsize
wherry_sctp_flight_get_bytes (const WherrySctpFlight *self)
{
  return self->unsent + self->unacked;
}
