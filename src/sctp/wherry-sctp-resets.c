/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <string.h>

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-chunks.h"

/* The other side asks for a reset of streams and names the last TSN that it sent before (RFC 6525
 * section 4.1). While something up to that TSN is missing, usrsctp 0.9.5 keeps whole messages that
 * come behind it, and then takes all of them for ordered: unordered ones never come out, or end the
 * association by a number that was there before. And if the missing was given up, it waits for more
 * data until it resets anything. So it is asked only when nothing is missing. */

#define TSN 4
#define REPEATED_PAYLOAD 4u

static gboolean
is_complete (WherrySctpAssociation *self, guint32 tsn)
{
  return (gint32) (tsn - self->acked) <= 0;
}

void
wherry_sctp_association_feed (WherrySctpAssociation *self, const guint8 *packet, gsize length)
{
  WHERRY_SCTP_CALL (self, usrsctp_conninput (wherry_sctp_endpoint_get_address (self->endpoint),
                                             packet, length, 0));
}

/* Our acknowledgements are delayed, but not that of data which comes once more (RFC 9260 section
 * 6.2). */
static void
make_acknowledge (WherrySctpAssociation *self, const guint8 *header)
{
  gsize size = (self->interleaving ? WHERRY_SCTP_I_DATA_HEADER : WHERRY_SCTP_DATA_HEADER)
               + REPEATED_PAYLOAD;
  guint8 packet[WHERRY_SCTP_COMMON_HEADER + WHERRY_SCTP_I_DATA_HEADER + REPEATED_PAYLOAD] = { 0 };
  guint8 *chunk = packet + WHERRY_SCTP_COMMON_HEADER;
  guint32 tsn = g_htonl (self->acked);

  memcpy (packet, header, WHERRY_SCTP_COMMON_HEADER);
  chunk[0] = self->interleaving ? WHERRY_SCTP_CHUNK_I_DATA : WHERRY_SCTP_CHUNK_DATA;
  chunk[1] = WHERRY_SCTP_FLAG_BEGINS | WHERRY_SCTP_FLAG_ENDS;
  chunk[3] = (guint8) size;
  memcpy (chunk + TSN, &tsn, sizeof tsn);
  wherry_sctp_association_feed (self, packet, WHERRY_SCTP_COMMON_HEADER + size);
}

/* The chunks that are of this type, or those that are not, with the header. */
static GByteArray *
filter (const guint8 *packet, gsize length, guint8 type, gboolean wanted)
{
  GByteArray *out = g_byte_array_sized_new ((guint) length);

  g_byte_array_append (out, packet, WHERRY_SCTP_COMMON_HEADER);
  for (gsize at = WHERRY_SCTP_COMMON_HEADER; at + WHERRY_SCTP_CHUNK_HEADER <= length;)
    {
      gsize size = wherry_sctp_get_u16 (packet + at + 2);
      gsize padded = MIN (wherry_sctp_padded (size), length - at);

      if ((packet[at] == type) == wanted)
        g_byte_array_append (out, packet + at, (guint) padded);
      at += padded;
    }
  return out;
}

void
wherry_sctp_association_take_reset (WherrySctpAssociation *self, const guint8 *packet, gsize length,
                                    guint32 tsn)
{
  g_autoptr (GByteArray) rest = NULL;

  /* who asks again means the same */
  g_clear_pointer (&self->held_reset, g_byte_array_unref);
  if (!is_complete (self, tsn) && self->state == WHERRY_TRANSPORT_CONNECTED)
    make_acknowledge (self, packet);
  if (is_complete (self, tsn) || self->state != WHERRY_TRANSPORT_CONNECTED)
    {
      wherry_sctp_association_feed (self, packet, length);
      return;
    }
  self->held_reset = filter (packet, length, WHERRY_SCTP_CHUNK_RE_CONFIG, TRUE);
  self->held_reset_tsn = tsn;
  rest = filter (packet, length, WHERRY_SCTP_CHUNK_RE_CONFIG, FALSE);
  if (rest->len > WHERRY_SCTP_COMMON_HEADER)
    wherry_sctp_association_feed (self, rest->data, rest->len);
}

void
wherry_sctp_association_release_reset (WherrySctpAssociation *self)
{
  g_autoptr (GByteArray) held = NULL;

  if (self->held_reset == NULL || !is_complete (self, self->held_reset_tsn))
    return;
  held = g_steal_pointer (&self->held_reset);
  wherry_sctp_association_feed (self, held->data, held->len);
}

void
wherry_sctp_association_note_first_tsn (WherrySctpAssociation *self, const guint8 *packet,
                                        gsize length)
{
  const guint8 *chunk = packet + WHERRY_SCTP_COMMON_HEADER;

  if (self->state == WHERRY_TRANSPORT_CONNECTED
      || length < WHERRY_SCTP_COMMON_HEADER + WHERRY_SCTP_INIT_SIZE
      || (chunk[0] != WHERRY_SCTP_CHUNK_INIT && chunk[0] != WHERRY_SCTP_CHUNK_INIT_ACK))
    return;
  /* the last of the fixed fields */
  self->acked = wherry_sctp_get_u32 (chunk + WHERRY_SCTP_INIT_SIZE - 4) - 1;
}
