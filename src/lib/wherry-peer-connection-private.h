/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The two files of WherryPeerConnection: peer-connection (the GObject), peer-connection-operations
 * (asynchronous calls). */

#include "lib/wherry-connection-private.h"
#include "lib/wherry-peer-connection.h"

G_BEGIN_DECLS

/* NULL: it was made without wherry_peer_connection_new() and never initialized. (transfer none)
 * Thread: any */
WherryConnection *wherry_peer_connection_get_connection (WherryPeerConnection *self);

G_END_DECLS
