/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-fake-link.h"
#include "fuzz/fuzz.h"
#include "sctp/wherry-sctp-association.h"

/* A packet for an association that is up, with the right verification tag: usrsctp gets what our
 * check lets through, and whatever it says, it comes back. The association may end by it; then the
 * next one is made. */
#define TAG_OFFSET 4u
#define TAG_SIZE 4u
#define FIRST_CHUNK 12u
#define FIRST_TSN 16u
#define INIT_TSN 28u
#define CHUNK_DATA 0u
#define CHUNK_INIT 1u
#define CHUNK_I_DATA 64u
#define CHUNK_FORWARD_TSN 192u
#define CHUNK_I_FORWARD_TSN 194u
#define ITERATIONS_MAX 1000u
#define PACKETS_MAX 50u /* on one association: what went wrong is then not far back */

static WherryFakeLink *links[2];
static WherrySctpAssociation *ends[2];
static guint8 tag[TAG_SIZE]; /* of packets to the second */
static guint32 tsn;          /* the next one there */
static gboolean i_data;      /* whether they have I-DATA (RFC 8260) */
static guint n_packets;

static gboolean
note_tag (const guint8 *data, gsize length, gpointer user_data)
{
  memcpy (tag, data + TAG_OFFSET, sizeof tag);
  if (length >= INIT_TSN + 4 && data[FIRST_CHUNK] == CHUNK_INIT)
    {
      memcpy (&tsn, data + INIT_TSN, sizeof tsn);
      tsn = g_ntohl (tsn);
    }
  return TRUE;
}

static const WherryStreamTransportEvents deaf = { NULL };

static void
iterate (gboolean until_connected)
{
  for (guint i = 0; i < ITERATIONS_MAX; i++)
    {
      if (until_connected
          && wherry_stream_transport_get_state (WHERRY_STREAM_TRANSPORT (ends[0]))
                 == WHERRY_TRANSPORT_CONNECTED
          && wherry_stream_transport_get_state (WHERRY_STREAM_TRANSPORT (ends[1]))
                 == WHERRY_TRANSPORT_CONNECTED)
        return;
      if (!g_main_context_iteration (NULL, FALSE) && !until_connected)
        return;
    }
}

static void
end (void)
{
  for (guint i = 0; i < 2; i++)
    {
      if (ends[i] != NULL)
        wherry_stream_transport_close (WHERRY_STREAM_TRANSPORT (ends[i]));
      g_clear_object (&ends[i]);
    }
  iterate (FALSE);
  g_clear_object (&links[0]);
  g_clear_object (&links[1]);
}

static void
begin (void)
{
  WherrySctpConfig config = { .no_interleaving = !i_data };

  wherry_fake_link_new_pair (NULL, NULL, NULL, &links[0], &links[1]);
  wherry_fake_link_set_filter (links[0], note_tag, NULL);
  for (guint i = 0; i < 2; i++)
    {
      ends[i] = wherry_sctp_association_new (WHERRY_PACKET_TRANSPORT (links[i]), NULL, &config);
      wherry_stream_transport_set_events (WHERRY_STREAM_TRANSPORT (ends[i]), &deaf, NULL);
    }
  iterate (TRUE);
  g_assert_cmpint (wherry_stream_transport_get_state (WHERRY_STREAM_TRANSPORT (ends[1])), ==,
                   WHERRY_TRANSPORT_CONNECTED);
  n_packets = 0;
}

/* Of the kind that the packet begins with: the other one ends an association at once. And a TSN
 * that is near the one expected, or nothing gets past the first look at it. */
static void
suit (guint8 *packet, gsize size)
{
  gboolean wants_i_data = i_data;
  guint8 type;
  guint32 near;

  if (size < FIRST_TSN + 4)
    return;
  type = packet[FIRST_CHUNK];
  if (type == CHUNK_I_DATA || type == CHUNK_I_FORWARD_TSN)
    wants_i_data = TRUE;
  else if (type == CHUNK_DATA || type == CHUNK_FORWARD_TSN)
    wants_i_data = FALSE;
  else
    return;
  if (wants_i_data != i_data)
    {
      end ();
      i_data = wants_i_data;
    }
  if (ends[1] == NULL)
    begin ();
  near = g_htonl (tsn + (guint32) (packet[FIRST_TSN + 3] % 4) - 1);
  if (packet[FIRST_TSN + 3] % 4 == 1)
    tsn++;
  memcpy (packet + FIRST_TSN, &near, sizeof near);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree guint8 *packet = g_memdup2 (data, MAX (size, 1));

  suit (packet, size);
  if (ends[1] == NULL)
    begin ();
  /* an INIT has none (RFC 9260 section 8.5.1) */
  if (size > FIRST_CHUNK && packet[FIRST_CHUNK] != CHUNK_INIT)
    memcpy (packet + TAG_OFFSET, tag, sizeof tag);
  wherry_fake_link_inject (links[1], packet, size);
  iterate (FALSE);
  if (++n_packets >= PACKETS_MAX
      || wherry_stream_transport_get_state (WHERRY_STREAM_TRANSPORT (ends[1]))
             != WHERRY_TRANSPORT_CONNECTED)
    end ();
  return 0;
}
