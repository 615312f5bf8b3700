/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What usrsctp tells of an association at work (RTCSctpTransportStats). Thread: peer */

#include "sctp/wherry-sctp-association.h"

G_BEGIN_DECLS

typedef struct
{
  guint smoothed_rtt_ms;
  guint congestion_window; /* bytes */
  guint receiver_window;   /* bytes: the other side's */
  guint mtu;               /* bytes: the largest SCTP packet */
  guint unacked;           /* DATA chunks that the other side has not acknowledged */
  guint streams_out;
  guint streams_in;
} WherrySctpInfo;

/* FALSE: not connected. Thread: peer */
gboolean wherry_sctp_association_get_info (WherrySctpAssociation *self, WherrySctpInfo *info);

G_END_DECLS
