/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The client's side of a signaling WebSocket: frames in, parsed, and frames out. On the
 * thread-default context of whoever makes it. Thread: hub */

#include "wire/wherry-signal.h"

G_BEGIN_DECLS

typedef struct _WherrySignalingClient WherrySignalingClient;

typedef struct
{
  /* The socket is open: join. */
  void (*open) (gpointer user_data);
  void (*signal) (gpointer user_data, const WherrySignal *signal);
  /* A binary frame. (nullable): they are ignored */
  void (*binary) (gpointer user_data, GBytes *frames);
  /* The last call: it could not be opened, the server closed it (WHERRY_ERROR_CLOSED), or said what
   * is no signaling message (WHERRY_ERROR_PROTOCOL). */
  void (*closed) (gpointer user_data, const GError *error);
} WherrySignalingClientEvents;

/* uri: a server's, "http://127.0.0.1:8888/" (https, ws and wss too), or that of its /connect.
 * WHERRY_ERROR_INVALID_ARGUMENT. No event comes from inside the call. */
WherrySignalingClient *wherry_signaling_client_new (const char *uri,
                                                    const WherrySignalingClientEvents *events,
                                                    gpointer user_data, GError **error);
/* Closes it, and no event is called any more. */
void wherry_signaling_client_free (WherrySignalingClient *self);
/* Once it is open. text: (transfer full). FALSE: it is closed. */
gboolean wherry_signaling_client_send (WherrySignalingClient *self, char *text);
gboolean wherry_signaling_client_send_binary (WherrySignalingClient *self, GBytes *frames);
gboolean wherry_signaling_client_is_open (WherrySignalingClient *self);
/* TRUE: its address of this machine is gone: nothing passes any more, and TCP would only notice
 * after many minutes. */
gboolean wherry_signaling_client_has_lost_address (WherrySignalingClient *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySignalingClient, wherry_signaling_client_free)

G_END_DECLS
