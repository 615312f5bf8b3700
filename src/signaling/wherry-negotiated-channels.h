/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Negotiated channels as clients declare them and as the relay takes them. Thread: any */

#include "channel/wherry-channel.h"
#include "wire/wherry-signal.h"

G_BEGIN_DECLS

/* channels: (element-type WherrySignalChannel), which the strings are borrowed from. (transfer
 * full) (element-type WherryChannelInit) */
GArray *wherry_negotiated_channels_list (const GPtrArray *channels);

G_END_DECLS
