/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether names ending in .local may be looked up. A DNS server must never be asked for them (RFC
 * 6762 section 22.1), so it takes a system whose resolver does it by multicast. Thread: any */

#include "ice/wherry-ice-config.h"

G_BEGIN_DECLS

gboolean wherry_ice_mdns_is_enabled (const WherryIceConfig *config);
/* text: of nsswitch.conf(5). */
gboolean wherry_ice_mdns_is_in_nsswitch (const char *text);

G_END_DECLS
