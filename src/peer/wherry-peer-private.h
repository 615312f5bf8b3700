/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of a handle: peer (life, events to the hub, what the peer thread asks), peer-requests
 * (what is posted to the peer thread). */

#include "base/wherry-inbox.h"
#include "peer/wherry-peer-core.h"

G_BEGIN_DECLS

struct _WherryPeer
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryPeerSettings settings;
  WherryWorker *worker; /* NULL: runs in a context that the caller brought */
  gboolean owns_worker;
  WherryPeerThreads *threads; /* of which worker is one; NULL: it is not */
  GMainContext *context;
  const WherryPeerHubEvents *events;
  gpointer events_data;
  WherryInbox *inbox;     /* to the peer thread */
  WherryInbox *hub_inbox; /* to the hub */

  /* any thread: internally locked or atomic */
  gint wake_pending;
  gint n_streams;
  gint tunnel_bytes; /* posted and not yet handled */

  /* peer thread only */
  WherryPeerCore *core; /* NULL before the start and after the end */
};

/* requests */
/* Takes item, a request of the peer user_data. Thread: peer */
void wherry_peer_handle_request (gpointer item, gpointer user_data);
void wherry_peer_request_free (gpointer item); /* Thread: any */
/* The first of all. Thread: any */
void wherry_peer_post_start (WherryPeer *self);

G_END_DECLS
