/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-info.h"

/* The common header (RFC 9260 section 3.1), which usrsctp leaves out of a path's MTU. */
#define COMMON_HEADER 12u

gboolean
wherry_sctp_association_get_info (WherrySctpAssociation *self, WherrySctpInfo *info)
{
  struct sctp_status status = { 0 };
  socklen_t length = sizeof status;
  int result = -1;

  WHERRY_ASSERT_OWNER (self);

  if (self->so == NULL || self->state != WHERRY_TRANSPORT_CONNECTED)
    return FALSE;
  WHERRY_SCTP_CALL_QUIETLY (self, result = usrsctp_getsockopt (self->so, IPPROTO_SCTP, SCTP_STATUS,
                                                               &status, &length));
  if (result != 0)
    return FALSE;
  *info = (WherrySctpInfo){
    .smoothed_rtt_ms = status.sstat_primary.spinfo_srtt,
    .congestion_window = status.sstat_primary.spinfo_cwnd,
    .receiver_window = status.sstat_rwnd,
    .mtu = status.sstat_primary.spinfo_mtu + COMMON_HEADER,
    .unacked = status.sstat_unackdata,
    .streams_out = self->n_streams,
    .streams_in = self->n_incoming,
  };
  return TRUE;
}
