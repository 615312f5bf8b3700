/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `turns:` (RFC 8656 section 2.1): libnice speaks TURN over plain TCP to a port on loopback, and
 * this carries each of its connections to the server over TLS, whose certificate must be valid for
 * the server's name. Only this process can connect to the port. Thread: peer */

#include <gio/gio.h>

#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

typedef struct _WherryIceBridge WherryIceBridge;

/* failed: the server could not be reached, or is not the one it should be. Called at most once. */
typedef void (*WherryIceBridgeFunc) (gpointer user_data, const char *text);

/* family: of the loopback address. closing waits for what is under way. WHERRY_ERROR_RESOURCES,
 * WHERRY_ERROR_INVALID_ARGUMENT (tls_ca_file cannot be read). */
WherryIceBridge *wherry_ice_bridge_new (const WherryIceConfig *config,
                                        const WherryIceTurnServer *server, GSocketFamily family,
                                        GMainContext *context, WherryIceClosing *closing,
                                        GError **error);
void wherry_ice_bridge_set_failed (WherryIceBridge *self, WherryIceBridgeFunc failed,
                                   gpointer user_data);
guint16 wherry_ice_bridge_get_port (WherryIceBridge *self);
/* Connections now, and since the beginning: for statistics and tests. */
guint wherry_ice_bridge_get_n_connections (WherryIceBridge *self);
void wherry_ice_bridge_free (WherryIceBridge *self);

G_END_DECLS
