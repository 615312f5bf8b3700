/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay/wherry-relay-hub-private.h"

/* What a member's streams cost. SCTP keeps arrays as long as the highest stream id, so a single
 * negotiated channel of id 65534 costs 6.5 MiB. It is charged to the member before its peer hears
 * of the channel, and given back when the peer refuses it or is finished. */

static gsize
get_cost (const WherryChannelInit *channels, guint n)
{
  guint n_streams = WHERRY_SCTP_STREAMS_INITIAL;

  for (guint i = 0; i < n; i++)
    if (channels[i].negotiated)
      n_streams = MAX (n_streams, channels[i].id + 1u);
  return (gsize) (n_streams - WHERRY_SCTP_STREAMS_INITIAL) * WHERRY_SCTP_STREAM_BYTES;
}

static void
set_charge (WherryRelayMember *self, gsize bytes)
{
  WherryRelayHub *relay = self->relay;

  if (bytes > self->stream_bytes)
    wherry_budget_charge (relay->budget, bytes - self->stream_bytes);
  else
    wherry_budget_release (relay->budget, self->stream_bytes - bytes);
  relay->stream_bytes = relay->stream_bytes - self->stream_bytes + bytes;
  self->stream_bytes = bytes;
}

gboolean
wherry_relay_member_reserve_streams (WherryRelayMember *self, const WherryChannelInit *channels,
                                     guint n, WherrySignalError *code, GError **error)
{
  WherryRelayHub *relay = self->relay;
  gsize cost = get_cost (channels, n);
  gsize more;

  if (cost <= self->stream_bytes)
    {
      g_queue_push_tail (&self->stream_requests, GSIZE_TO_POINTER (cost));
      return TRUE;
    }
  if (cost > relay->config->member_bytes)
    {
      *code = WHERRY_SIGNAL_ERROR_TOO_LARGE;
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "a channel with so high an id needs %" G_GSIZE_FORMAT
                   " bytes, a member may use %" G_GSIZE_FORMAT ": choose a lower id",
                   cost, relay->config->member_bytes);
      return FALSE;
    }
  more = cost - self->stream_bytes;
  if (relay->stream_bytes + more > relay->config->memory_budget / WHERRY_STREAMS_SHARE)
    {
      *code = WHERRY_SIGNAL_ERROR_SERVER_FULL;
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "the server has no memory left for channels with so high an id");
      return FALSE;
    }
  g_queue_push_tail (&self->stream_requests, GSIZE_TO_POINTER (cost));
  set_charge (self, cost);
  return TRUE;
}

void
wherry_relay_member_settle_streams (WherryRelayMember *self, gboolean taken)
{
  gsize cost = GPOINTER_TO_SIZE (g_queue_pop_head (&self->stream_requests));
  gsize most;

  if (taken)
    self->stream_bytes_taken = MAX (self->stream_bytes_taken, cost);
  most = self->stream_bytes_taken;
  for (GList *link = self->stream_requests.head; link != NULL; link = link->next)
    most = MAX (most, GPOINTER_TO_SIZE (link->data));
  set_charge (self, most);
}

void
wherry_relay_member_release_streams (WherryRelayMember *self)
{
  g_queue_clear (&self->stream_requests);
  self->stream_bytes_taken = 0;
  set_charge (self, 0);
}
