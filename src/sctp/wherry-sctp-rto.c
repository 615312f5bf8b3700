/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "base/wherry-clock.h"
#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-info.h"
#include "sctp/wherry-sctp-options.h"

#define REVIEW_US G_USEC_PER_SEC
/* Of RTO.Max: the round trip may grow to four times as much before what is only late is sent again.
 */
#define SHORT_RTT_MS (WHERRY_SCTP_RTO_MAX_SHORT_MS / 4)

/* While nothing passes, the timer doubles up to RTO.Max, and so long nothing is sent after a
 * silence of the network: that is what a person sees of it. Where the round trip is known and
 * short, it may be less than what every path needs. */
void
wherry_sctp_association_review_rto (WherrySctpAssociation *self)
{
  gint64 now_us = wherry_clock_now_us (wherry_clock_system ());
  WherrySctpInfo info;
  guint rto_max_ms;

  if (now_us < self->rto_review_us || !wherry_sctp_association_get_info (self, &info))
    return;
  self->rto_review_us = now_us + REVIEW_US;
  rto_max_ms = info.smoothed_rtt_ms > 0 && info.smoothed_rtt_ms <= SHORT_RTT_MS
                   ? WHERRY_SCTP_RTO_MAX_SHORT_MS
                   : WHERRY_SCTP_RTO_MAX_MS;
  if (rto_max_ms == self->rto_max_ms)
    return;
  self->rto_max_ms = rto_max_ms;
  WHERRY_SCTP_CALL_QUIETLY (self, wherry_sctp_options_set_rto_max (self->so, rto_max_ms));
}
