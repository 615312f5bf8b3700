/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "relay/wherry-relay-private.h"

/* What a member's streams cost. SCTP keeps arrays as long as the highest stream id, so a single
 * negotiated channel of id 65533 costs 6.5 MiB. It is charged to the member before its peer hears
 * of the channel, and given back when the peer is finished. */

static gsize
get_cost (const WherryChannelInit *channels, guint n)
{
  guint n_streams = WHERRY_SCTP_STREAMS_INITIAL;

  for (guint i = 0; i < n; i++)
    if (channels[i].negotiated)
      n_streams = MAX (n_streams, channels[i].id + 1u);
  return (gsize) (n_streams - WHERRY_SCTP_STREAMS_INITIAL) * WHERRY_SCTP_STREAM_BYTES;
}

gboolean
wherry_member_reserve_streams (WherryMember *self, const WherryChannelInit *channels, guint n,
                               WherrySignalError *code, GError **error)
{
  WherryRelay *relay = self->relay;
  gsize cost = get_cost (channels, n);
  gsize more;

  if (cost <= self->stream_bytes)
    return TRUE;
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
  self->stream_bytes = cost;
  relay->stream_bytes += more;
  wherry_budget_charge (relay->budget, more);
  return TRUE;
}

void
wherry_member_release_streams (WherryMember *self)
{
  wherry_budget_release (self->relay->budget, self->stream_bytes);
  self->relay->stream_bytes -= self->stream_bytes;
  self->stream_bytes = 0;
}
