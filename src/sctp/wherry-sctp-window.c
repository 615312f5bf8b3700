/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-options.h"

gsize
wherry_sctp_association_get_unfinished_max (WherrySctpAssociation *self)
{
  gsize most = WHERRY_SCTP_UNFINISHED_MAX * self->config.max_message_size;

  return self->interleaving ? MAX (most, WHERRY_SCTP_UNFINISHED_BYTES) : most;
}

/* What usrsctp holds beyond its usual buffer are unfinished messages as well. */
static void
charge_window (WherrySctpAssociation *self)
{
  gsize held = self->receive_buffer - MIN (self->window, self->receive_buffer);
  gsize beyond = held - MIN (held, self->config.receive_buffer);

  if (self->holder == NULL)
    return;
  if (beyond > self->window_charged)
    wherry_budget_holder_charge (self->holder, beyond - self->window_charged);
  else if (beyond < self->window_charged)
    wherry_budget_holder_release (self->holder, self->window_charged - beyond);
  self->window_charged = beyond;
}

static void
grow (WherrySctpAssociation *self, gsize most)
{
  self->receive_buffer = MIN (self->receive_buffer + self->config.receive_buffer, most);
  wherry_sctp_options_set_receive_buffer (self->so, self->receive_buffer);
}

/* There is nothing to read, and yet the window is small: what fills it are pieces of messages that
 * interleave (RFC 8260), none of them so long that usrsctp hands it over in pieces. They would wait
 * for one another for ever. First, more room, for what senders like us have under way. Then they
 * are handed over as they come, which is the later the better: a stream of which a piece was handed
 * over and whose rest was then given up is the end (partial_aborted). And where even that does not
 * help (usrsctp counts in 8 bits how often it read some of a message, and does not find one that
 * stands at 0 unless it is the oldest), more room, within what unfinished messages may take. */
void
wherry_sctp_association_relieve_window (WherrySctpAssociation *self)
{
  gsize most = wherry_sctp_association_get_unfinished_max (self);
  gsize usual = WHERRY_SCTP_UNFINISHED_MAX * self->config.max_message_size;

  if (!self->window_seen)
    return;
  self->window_seen = FALSE;
  charge_window (self);
  if (self->window >= self->receive_buffer / 2)
    {
      if (self->eager)
        wherry_sctp_options_set_partial_delivery (self->so, self->config.receive_buffer / 2);
      self->eager = FALSE;
      return;
    }
  if (self->window >= self->config.receive_buffer / 4)
    return;
  if (self->receive_buffer < MIN (usual, most))
    {
      grow (self, MIN (usual, most));
      return;
    }
  if (!self->eager)
    wherry_sctp_options_set_partial_delivery (self->so, 1);
  else if (self->window < self->config.receive_buffer / 8 && self->receive_buffer < most)
    grow (self, most);
  self->eager = TRUE;
}
