/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one end of a tunnel has sent, until the test lets the other end have it. */

#include "transport/wherry-frame-stream.h"

G_BEGIN_DECLS

/* The oldest that lies on wire (of GBytes), in a copy in which a sanitizer sees one byte too far.
 * FALSE: there was nothing. */
gboolean tunnel_wire_carry (GQueue *wire, WherryFrameStream *to);

G_END_DECLS
