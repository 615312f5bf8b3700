/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* usrsctp over GnuTLS over a path, with the switches of the product and nothing else of it. One
 * thread in a process uses them all, so that nothing is locked and nothing handed over. */

#include <gnutls/gnutls.h>
#include <usrsctp.h>

#include "floor-path.h"

G_BEGIN_DECLS

typedef struct
{
  FloorPath *path;
  gnutls_session_t session;
  struct socket *so;
  const guint8 *in; /* the packet that GnuTLS is to read next */
  gsize in_length;
  GByteArray *part; /* of a message whose end is yet to come */
  gboolean secure;
  gboolean came; /* a packet, since somebody set it back */
  gboolean bundling;
} FloorAssociation;

/* Once for a process, and what it holds given back. */
void floor_association_start_process (void);
void floor_association_end_process (void);
/* Often: makes usrsctp look at its clock every 10 ms. */
void floor_association_tick (void);

void floor_association_init (FloorAssociation *self, FloorPath *path, gboolean is_client);
void floor_association_clear (FloorAssociation *self);

/* Goes on with the handshakes; TRUE: they are over and the path's size is set. */
gboolean floor_association_establish (FloorAssociation *self);
/* Takes in what came on the path. */
void floor_association_take (FloorAssociation *self);

/* While on, messages wait for each other to share packets: off before the last one of a batch. */
void floor_association_set_bundling (FloorAssociation *self, gboolean on);
/* FALSE: there is no room. */
gboolean floor_association_send (FloorAssociation *self, const guint8 *data, gsize length);
/* The length of a whole message; 0: there is none. */
gsize floor_association_receive (FloorAssociation *self, guint8 *data, gsize size);

G_END_DECLS
