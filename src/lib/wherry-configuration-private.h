/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a connection reads of its configuration. */

#include "ice/wherry-ice-config.h"
#include "lib/wherry-configuration.h"

G_BEGIN_DECLS

/* What ICE needs, as it is now. (transfer full) WHERRY_ERROR_INVALID_ARGUMENT: an address or a
 * range that is none. */
WherryIceConfig *wherry_configuration_to_ice (WherryConfiguration *self, GError **error);

G_END_DECLS
