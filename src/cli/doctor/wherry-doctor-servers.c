/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor.h"
#include "cli/doctor/wherry-stun-url.h"

/* STUN and TURN servers, asked by ourselves: libnice tells no code of theirs. */

#define RESOLVE_TIMEOUT_MS 5000u
/* Some of each family. */
#define ADDRESSES_MAX 4u
/* URLs in all: a server that names more than this is not asked for the rest. */
#define URLS_MAX 16u

static gboolean
is_settled (gpointer data)
{
  GPtrArray *probes = data;

  for (guint i = 0; i < probes->len; i++)
    if (wherry_stun_probe_get_finding (g_ptr_array_index (probes, i))->outcome
        == WHERRY_STUN_OUTCOME_NONE)
      return FALSE;
  return TRUE;
}

void
wherry_doctor_take_probes (WherryDoctor *self, GPtrArray *probes, WherryDoctorTell tell)
{
  /* each has its own time: this is not what ends them */
  wherry_await_until (is_settled, probes, self->cancellable, G_MAXINT);
  for (guint i = 0; i < probes->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      WherryStunFinding *finding = wherry_stun_probe_steal_finding (g_ptr_array_index (probes, i));

      g_ptr_array_add (self->findings, finding);
      tell (self, finding);
    }
  g_ptr_array_set_size (probes, 0);
}

/* ---- what was found, in words ---- */

char *
wherry_doctor_finding_text (const WherryStunFinding *finding)
{
  double ms = (double) finding->round_trip_us / 1000;

  switch (finding->outcome)
    {
    case WHERRY_STUN_OUTCOME_ANSWERED:
      if (finding->relayed != NULL)
        return g_strdup_printf (_ ("allocated %s for a moment, %.1f ms"), finding->relayed, ms);
      if (finding->code != 0)
        return g_strdup_printf (_ ("answered %u %s, %.1f ms"), finding->code, finding->text, ms);
      return g_strdup_printf (_ ("answered in %.1f ms, sees us as %s"), ms, finding->mapped);
    case WHERRY_STUN_OUTCOME_SILENT:
      if (finding->transport == WHERRY_STUN_TRANSPORT_UDP)
        return g_strdup_printf (_ ("no answer to %u requests in 3.5 s"), finding->tries);
      return g_strdup (finding->text);
    case WHERRY_STUN_OUTCOME_REFUSED:
    case WHERRY_STUN_OUTCOME_WRONG_PASSWORD:
    case WHERRY_STUN_OUTCOME_NO_PASSWORD:
      return g_strdup_printf (_ ("refused: %u %s"), finding->code,
                              finding->text != NULL ? finding->text : "");
    case WHERRY_STUN_OUTCOME_NOT_STUN:
      return g_strdup (_ ("what answers there does not speak STUN"));
    case WHERRY_STUN_OUTCOME_FORGED:
      return g_strdup (_ ("the answer is not sealed with the password"));
    case WHERRY_STUN_OUTCOME_UNREACHABLE:
      if (finding->transport == WHERRY_STUN_TRANSPORT_UDP
          && finding->system == G_IO_ERROR_CONNECTION_REFUSED)
        return g_strdup (_ ("the port is closed (ICMP: port unreachable)"));
      if (finding->transport == WHERRY_STUN_TRANSPORT_UDP
          && finding->system == G_IO_ERROR_PERMISSION_DENIED)
        return g_strdup (_ ("this machine may not send there (EPERM)"));
      break;
    case WHERRY_STUN_OUTCOME_UNRESOLVED:
    case WHERRY_STUN_OUTCOME_NONE:
      break;
    }
  return g_strdup (finding->text);
}

JsonObject *
wherry_doctor_finding_evidence (const WherryStunFinding *finding)
{
  static const char *const outcomes[]
      = { "none",    "answered",       "silent",      "unreachable", "not-stun",
          "refused", "wrong-password", "no-password", "forged",      "unresolved" };
  JsonObject *object = wherry_doctor_evidence (
      "url", finding->url, "transport", wherry_stun_transport_name (finding->transport), "address",
      finding->remote, "local", finding->local, "transaction", finding->transaction, "outcome",
      outcomes[finding->outcome], "reason", finding->text, "mapped", finding->mapped, "relayed",
      finding->relayed, "realm", finding->realm, "software", finding->software, NULL);

  json_object_set_int_member (object, "requests", finding->tries);
  if (finding->code != 0)
    json_object_set_int_member (object, "code", finding->code);
  if (finding->lifetime != 0)
    json_object_set_int_member (object, "lifetime", finding->lifetime);
  if (finding->round_trip_us != 0)
    json_object_set_double_member (object, "ms", (double) finding->round_trip_us / 1000);
  return object;
}

char *
wherry_doctor_finding_proof (const WherryStunFinding *finding)
{
  g_autofree char *text = wherry_doctor_finding_text (finding);
  const char *transport = wherry_stun_transport_name (finding->transport);

  if (finding->remote == NULL)
    return g_steal_pointer (&text);
  if (finding->local == NULL)
    return g_strdup_printf (_ ("%s to %s: %s (transaction %s)"), transport, finding->remote, text,
                            finding->transaction);
  return g_strdup_printf (_ ("%s from %s to %s: %s (transaction %s)"), transport, finding->local,
                          finding->remote, text, finding->transaction);
}

/* ---- asking ---- */

static void
tell_server (WherryDoctor *self, const WherryStunFinding *finding)
{
  g_autofree char *text = wherry_doctor_finding_text (finding);

  wherry_doctor_report_step (self->report,
                             finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED ? WHERRY_DOCTOR_GOOD
                                                                              : WHERRY_DOCTOR_BAD,
                             finding->question == WHERRY_STUN_QUESTION_ALLOCATE ? "turn" : "stun",
                             wherry_doctor_finding_evidence (finding), "%s, %s%s%s: %s",
                             finding->url, wherry_stun_transport_name (finding->transport),
                             finding->remote != NULL ? " " : "",
                             finding->remote != NULL ? finding->remote : "", text);
}

static void
add_unresolved (WherryDoctor *self, const char *url, const WherryStunUrl *parsed, const char *why)
{
  WherryStunFinding *finding = g_new0 (WherryStunFinding, 1);

  finding->question = parsed->question;
  finding->transport = parsed->transport;
  finding->url = g_strdup (url);
  finding->outcome = WHERRY_STUN_OUTCOME_UNRESOLVED;
  finding->text = g_strdup_printf (_ ("the name %s leads nowhere: %s"), parsed->host, why);
  finding->system = -1;
  g_ptr_array_add (self->findings, finding);
  tell_server (self, finding);
}

/* (transfer full) (nullable) */
static GList *
resolve (WherryDoctor *self, const char *url, const WherryStunUrl *parsed)
{
  GInetAddress *literal = g_inet_address_new_from_string (parsed->host);
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_autoptr (GError) error = NULL;
  WherryAwait wait;
  GList *addresses;

  if (literal != NULL)
    return g_list_append (NULL, literal);
  wherry_await_begin (&wait, self->cancellable, RESOLVE_TIMEOUT_MS);
  g_resolver_lookup_by_name_async (resolver, parsed->host, wait.cancellable, wherry_await_done,
                                   &wait);
  addresses = g_resolver_lookup_by_name_finish (resolver, wherry_await_result (&wait), &error);
  wherry_await_end (&wait);
  if (addresses == NULL)
    add_unresolved (self, url, parsed, error->message);
  return addresses;
}

static void
ask_url (WherryDoctor *self, const char *url, const char *username, const char *password,
         GPtrArray *probes)
{
  g_auto (WherryStunUrl) parsed = { 0 };
  g_autolist (GInetAddress) addresses = NULL;
  WherryStunTarget target;
  guint n = 0;

  if (!wherry_stun_url_parse (&parsed, url))
    {
      wherry_doctor_report_step (self->report, WHERRY_DOCTOR_BAD, "url",
                                 wherry_doctor_evidence ("url", url, NULL),
                                 _ ("%s is no address of a STUN or TURN server"), url);
      wherry_doctor_report_cause (
          self->report, "bad-ice-url", WHERRY_EXIT_USAGE,
          g_strdup (_ ("This is not the address of a STUN or TURN server.")), g_strdup (url),
          g_strdup (_ ("It goes: stun:HOST[:PORT], or turn:HOST[:PORT][?transport=tcp].")), NULL);
      return;
    }
  addresses = resolve (self, url, &parsed);
  target = (WherryStunTarget){ .question = parsed.question,
                               .transport = parsed.transport,
                               .url = url,
                               .host = parsed.host,
                               .username = username,
                               .password = password };
  for (GList *at = addresses; at != NULL && n < ADDRESSES_MAX; at = at->next, n++)
    {
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new (at->data, parsed.port);

      g_ptr_array_add (probes, wherry_stun_probe_new (&target, G_INET_SOCKET_ADDRESS (address)));
    }
}

static void
settle (WherryDoctor *self, GPtrArray *probes, guint first, const char *whose)
{
  wherry_doctor_take_probes (self, probes, tell_server);
  for (guint i = first; i < self->findings->len; i++)
    wherry_doctor_judge_ice_server (self, g_ptr_array_index (self->findings, i), whose);
}

void
wherry_doctor_look_at_ice_url (WherryDoctor *self, const char *url, const char *username,
                               const char *password)
{
  g_autoptr (GPtrArray) probes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_stun_probe_free);
  guint first = self->findings->len;

  wherry_doctor_report_section (self->report, "ice-servers", _ ("Server"));
  ask_url (self, url, username, password, probes);
  settle (self, probes, first, _ ("the command line"));
}

void
wherry_doctor_look_at_ice_servers (WherryDoctor *self, GListModel *servers, const char *title,
                                   const char *whose)
{
  g_autoptr (GPtrArray) probes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_stun_probe_free);
  guint first = self->findings->len;
  guint n_urls = 0;

  if (g_list_model_get_n_items (servers) == 0)
    return;
  wherry_doctor_report_section (self->report, "ice-servers", title);
  for (guint i = 0; i < g_list_model_get_n_items (servers); i++)
    {
      g_autoptr (WherryIceServer) server = g_list_model_get_item (servers, i);
      const char *const *urls = wherry_ice_server_get_urls (server);

      for (; *urls != NULL && n_urls < URLS_MAX; urls++, n_urls++)
        ask_url (self, *urls, wherry_ice_server_get_username (server),
                 wherry_ice_server_get_credential (server), probes);
    }
  settle (self, probes, first, whose);
}

/* ---- candidates ---- */

char *
wherry_doctor_candidate_text (WherryIceCandidate *candidate)
{
  static const char *const types[] = { "host", "srflx", "prflx", "relay" };
  const char *address = wherry_ice_candidate_get_address (candidate);
  const char *tcp = wherry_ice_candidate_get_tcp_type (candidate);
  g_autofree char *protocol = NULL;

  if (!wherry_ice_candidate_is_parsed (candidate))
    return g_strdup (wherry_ice_candidate_get_candidate (candidate));
  protocol = g_ascii_strup (wherry_ice_candidate_get_protocol (candidate), -1);
  return g_strdup_printf (strchr (address, ':') != NULL ? "%s %s%s%s [%s]:%u" : "%s %s%s%s %s:%u",
                          types[wherry_ice_candidate_get_candidate_type (candidate)], protocol,
                          tcp != NULL ? " " : "", tcp != NULL ? tcp : "", address,
                          wherry_ice_candidate_get_port (candidate));
}

JsonObject *
wherry_doctor_candidate_evidence (WherryIceCandidate *candidate)
{
  return wherry_doctor_evidence ("candidate", wherry_ice_candidate_get_candidate (candidate), NULL);
}

void
wherry_doctor_check_candidate (WherryDoctor *self, WherryIceCandidate *candidate, GPtrArray *locals,
                               const char *username, const char *password, GPtrArray *probes)
{
  g_autofree char *url = wherry_doctor_candidate_text (candidate);
  g_autoptr (GInetAddress) inet = NULL;
  g_autoptr (GSocketAddress) remote = NULL;
  const char *tcp = wherry_ice_candidate_get_tcp_type (candidate);
  WherryStunTarget target
      = { .question = WHERRY_STUN_QUESTION_CHECK,
          .transport = tcp != NULL ? WHERRY_STUN_TRANSPORT_ICE_TCP : WHERRY_STUN_TRANSPORT_UDP,
          .url = url,
          .username = username,
          .password = password };
  guint n = 0;

  inet = wherry_ice_candidate_is_parsed (candidate)
             ? g_inet_address_new_from_string (wherry_ice_candidate_get_address (candidate))
             : NULL;
  /* only a passive one takes connections (RFC 6544 section 4.1) */
  if (inet == NULL || (tcp != NULL && !g_str_equal (tcp, "passive")))
    return;
  remote = g_inet_socket_address_new (inet, (guint16) wherry_ice_candidate_get_port (candidate));
  for (guint i = 0; locals != NULL && i < locals->len; i++)
    {
      target.local = g_ptr_array_index (locals, i);
      if (g_inet_address_get_family (target.local) != g_inet_address_get_family (inet))
        continue;
      g_ptr_array_add (probes, wherry_stun_probe_new (&target, G_INET_SOCKET_ADDRESS (remote)));
      n++;
    }
  target.local = NULL;
  if (n == 0)
    g_ptr_array_add (probes, wherry_stun_probe_new (&target, G_INET_SOCKET_ADDRESS (remote)));
}
