/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor.h"

/* Why WebRTC does not connect, of what the pairs said. */

void
wherry_doctor_judge_forbidden_udp (WherryDoctor *self, const WherryStunFinding *finding)
{
  wherry_doctor_report_cause (
      self->report, "udp-forbidden-here", WHERRY_EXIT_NOT_REACHED,
      g_strdup (_ ("This machine's own firewall forbids UDP.")),
      wherry_doctor_finding_proof (finding),
      g_strdup (_ ("Let UDP out here: look at “nft list ruleset” or “iptables -S OUTPUT”, and at "
                   "what a container or sandbox may do.")),
      wherry_doctor_finding_evidence (finding));
}

/* Of those by UDP: that one by TCP answers does not help who speaks no ICE-TCP. */
static guint
count_udp (const WherryDoctorPairs *pairs, gboolean (*is) (const WherryStunFinding *finding))
{
  guint n = 0;

  for (guint i = 0; i < pairs->n; i++)
    n += pairs->findings[i]->transport == WHERRY_STUN_TRANSPORT_UDP && is (pairs->findings[i]);
  return n;
}

static gboolean
is_any (const WherryStunFinding *finding)
{
  return TRUE;
}

static gboolean
is_answered (const WherryStunFinding *finding)
{
  return finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED;
}

static gboolean
is_closed (const WherryStunFinding *finding)
{
  return finding->system == G_IO_ERROR_CONNECTION_REFUSED;
}

static gboolean
is_forbidden (const WherryStunFinding *finding)
{
  return finding->system == G_IO_ERROR_PERMISSION_DENIED;
}

gboolean
wherry_doctor_is_udp_silent (const WherryDoctorPairs *pairs)
{
  return count_udp (pairs, is_any) > 0 && count_udp (pairs, is_answered) == 0;
}

static gboolean
has_answer_by_tcp (const WherryDoctorPairs *pairs)
{
  for (guint i = 0; i < pairs->n; i++)
    if (pairs->findings[i]->transport != WHERRY_STUN_TRANSPORT_UDP
        && is_answered (pairs->findings[i]))
      return TRUE;
  return FALSE;
}

/* Some are enough: all of them are in the steps. */
#define PROOFS_MAX 4u

char *
wherry_doctor_join_proofs (WherryStunFinding **findings, guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (n, PROOFS_MAX); i++)
    {
      g_autofree char *proof = wherry_doctor_finding_proof (findings[i]);

      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", proof);
    }
  if (n > PROOFS_MAX)
    g_string_append_printf (text, _ ("; and %u more"), n - PROOFS_MAX);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Whether they are all addresses that only the server's own machine, or its own network, has. */
static gboolean
are_all (GListModel *candidates, gboolean (*is) (GInetAddress *address))
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (candidates, i);
      g_autoptr (GInetAddress) address
          = wherry_ice_candidate_is_parsed (candidate)
                ? g_inet_address_new_from_string (wherry_ice_candidate_get_address (candidate))
                : NULL;

      if (address == NULL)
        continue;
      if (!is (address))
        return FALSE;
      n++;
    }
  return n > 0;
}

static gboolean
has_loopback (GListModel *candidates)
{
  for (guint i = 0; i < g_list_model_get_n_items (candidates); i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (candidates, i);
      const char *address = wherry_ice_candidate_is_parsed (candidate)
                                ? wherry_ice_candidate_get_address (candidate)
                                : "";

      if (g_str_has_prefix (address, "127.") || g_str_equal (address, "::1"))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_hidden (GInetAddress *address)
{
  return g_inet_address_get_is_site_local (address) || g_inet_address_get_is_loopback (address)
         || g_inet_address_get_is_link_local (address);
}

static gboolean
is_loopback (GInetAddress *address)
{
  return g_inet_address_get_is_loopback (address);
}

/* The server offers addresses that cannot be reached from here. */
static gboolean
judge_addresses (WherryDoctor *self, const WherryDoctorPairs *pairs)
{
  GInetAddress *server
      = self->server != NULL
            ? g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->server))
            : NULL;
  g_autofree char *place = NULL;
  gboolean is_near = server == NULL || is_loopback (server);
  gboolean on_loopback = are_all (pairs->theirs, is_loopback);

  if (!is_near && count_udp (pairs, is_answered) > 0)
    return FALSE;
  if (is_near ? !on_loopback || has_loopback (pairs->ours)
              : !on_loopback && (!are_all (pairs->theirs, is_hidden) || is_hidden (server)))
    return FALSE;
  place = server != NULL ? g_inet_address_to_string (server) : g_strdup ("?");
  wherry_doctor_report_cause (
      self->report, "server-address", WHERRY_EXIT_NOT_REACHED,
      g_strdup (on_loopback ? _ ("The server's WebRTC is for programs of its own machine alone.")
                            : _ ("The server offers only addresses of its own network.")),
      g_strdup_printf (_ ("signaling is at %s, and all of its candidates are like %s"), place,
                       pairs->n > 0 ? pairs->findings[0]->remote : ""),
      g_strdup (is_near ? _ ("Try with --bind-address 127.0.0.1; for others, bind wherryd to an "
                             "address that they reach (its bind-address).")
                        : _ ("On the server, bind wherryd to an address that clients reach "
                             "(bind-address), or give it a STUN or TURN server (stun-server, "
                             "turn-server) where it sits behind a NAT.")),
      wherry_doctor_evidence ("server", place, NULL));
  return TRUE;
}

static const char *
tell_blocked (const WherryDoctorPairs *pairs)
{
  if (has_answer_by_tcp (pairs))
    return _ ("UDP is blocked between this machine and the server; browsers get through by "
              "ICE-TCP, other programs by the WebSocket.");
  if (pairs->is_tunneled)
    return _ ("UDP is blocked between this machine and the server; messages take the slower way by "
              "the WebSocket.");
  return _ ("UDP is blocked between this machine and the server.");
}

static void
judge_silent_pairs (WherryDoctor *self, const WherryDoctorPairs *pairs)
{
  guint n = count_udp (pairs, is_any);
  guint n_closed = count_udp (pairs, is_closed);
  guint n_forbidden = count_udp (pairs, is_forbidden);
  JsonObject *data;

  if (n_forbidden > 0 && n_forbidden + n_closed == n)
    {
      wherry_doctor_judge_forbidden_udp (self, pairs->findings[0]);
      return;
    }
  data = wherry_doctor_finding_evidence (pairs->findings[0]);
  json_object_set_int_member (data, "pairs", pairs->n);
  json_object_set_boolean_member (data, "tunneled", pairs->is_tunneled);
  if (count_udp (pairs, wherry_doctor_is_nowhere) == n)
    wherry_doctor_report_cause (
        self->report, "no-route", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("This machine has no way to the addresses that the server offers.")),
        wherry_doctor_join_proofs (pairs->findings, pairs->n),
        g_strdup (wherry_doctor_advise_route ()), data);
  else if (n_closed == n)
    wherry_doctor_report_cause (
        self->report, "udp-closed", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("The addresses that the server offers are not the server's ports.")),
        wherry_doctor_join_proofs (pairs->findings, pairs->n),
        g_strdup (_ ("A NAT or a container stands between: forward wherryd's port-range by UDP, or "
                     "give it bind-address and a STUN or TURN server.")),
        data);
  else
    wherry_doctor_report_cause (
        self->report, "udp-blocked", WHERRY_EXIT_NOT_REACHED, g_strdup (tell_blocked (pairs)),
        wherry_doctor_join_proofs (pairs->findings, pairs->n),
        g_strdup (_ ("Let UDP pass to these addresses, on every firewall between (there: to "
                     "wherryd's port-range); where that cannot be, run a TURN server with "
                     "?transport=tcp, or wherryd with ice-tcp.")),
        data);
}

void
wherry_doctor_judge_pairs (WherryDoctor *self, const WherryDoctorPairs *pairs)
{
  if (g_list_model_get_n_items (pairs->ours) == 0)
    wherry_doctor_report_cause (
        self->report, "no-candidates-here", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("This machine found no address to connect from.")),
        g_strdup (self->invocation->relay_only
                      ? _ ("with --relay-only, and no TURN server gave an address")
                      : _ ("gathering gave no candidate")),
        g_strdup (_ ("Look at “ip address”: an interface must be up, with an address that is not "
                     "link-local; try --bind-address.")),
        NULL);
  else if (pairs->n == 0)
    wherry_doctor_report_cause (
        self->report, "no-candidates-there", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("The server offers no address to connect to.")),
        g_strdup (_ ("its answer has no candidate that can be asked")),
        g_strdup (_ ("On the server, look at bind-address, port-range and its interfaces.")), NULL);
  else if (judge_addresses (self, pairs))
    return;
  else if (wherry_doctor_is_udp_silent (pairs))
    judge_silent_pairs (self, pairs);
  else
    wherry_doctor_report_cause (
        self->report, "not-connected", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("Packets pass, and WebRTC does not connect all the same.")),
        g_strdup_printf (_ ("%u of %u pairs answered; ICE is %s"), count_udp (pairs, is_answered),
                         pairs->n, pairs->ice_state),
        g_strdup (_ ("A firewall may let the first packets pass only, or drop large ones (DTLS): "
                     "try --verbose, and see the server's log.")),
        NULL);
}
