/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Takes single datagrams out of a socket that somebody else (libnice) reads, by looking first. One
 * that comes behind another in the queue may be read by the other: who waits for it asks again.
 * Thread: owner of the context */

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _WherryIceSocketWatch WherryIceSocketWatch;

typedef struct
{
  gboolean (*is_ours) (gpointer user_data, WherryIceSocketWatch *self, const guint8 *data,
                       gsize length);
  /* May free self. */
  void (*packet) (gpointer user_data, WherryIceSocketWatch *self, const guint8 *data, gsize length);
} WherryIceSocketWatchEvents;

WherryIceSocketWatch *wherry_ice_socket_watch_new (GSocket *socket, GMainContext *context,
                                                   const WherryIceSocketWatchEvents *events,
                                                   gpointer user_data);
void wherry_ice_socket_watch_free (WherryIceSocketWatch *self);

G_END_DECLS
