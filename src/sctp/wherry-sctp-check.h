/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks at a packet before usrsctp does. usrsctp 0.9.5 follows the parameters of an INIT without
 * looking at their lengths in every place: a length of 0 makes it loop for ever. Who sends that has
 * a verified certificate, but may still be hostile. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint streams;     /* so many more outgoing ones it asks us to have (RFC 6525 section 4.6) */
  gboolean data;     /* it has DATA or FORWARD TSN chunks */
  gboolean i_data;   /* it has I-DATA or I-FORWARD-TSN chunks (RFC 8260) */
  gboolean urgent;   /* it has anything but heartbeats and their answers */
  gboolean ends;     /* it ends the association: ABORT, or the last of a shutdown */
  gboolean resets;   /* it asks to reset streams they send on (RFC 6525 section 4.1) */
  guint32 reset_tsn; /* the last TSN before that */
} WherrySctpFound;

/**
 * wherry_sctp_check_packet:
 *
 * @found: (out): what is in it
 *
 * Whether a packet is well formed down to the lengths of its chunks, parameters and error causes
 * (RFC 9260 sections 3, 3.2.1 and 3.3.10), and has no chunk of extensions that are switched off
 * (AUTH, ASCONF, packet drop).
 *
 * Thread: any
 */
gboolean wherry_sctp_check_packet (const guint8 *data, gsize length, WherrySctpFound *found);

G_END_DECLS
