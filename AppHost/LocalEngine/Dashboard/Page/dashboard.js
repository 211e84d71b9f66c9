// The dashboard's page: what it shows comes by server-sent events and is put in as text, never as markup, since console
// lines and mails are written by others.
const byId = id => document.getElementById(id);
const state = { resources: [], selected: null, mails: [], mail: null, logs: null };
const logLines = 5000;

function element(name, content, attributes = {}) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  node.append(...[content].flat().filter(part => part !== null && part !== undefined));
  return node;
}

// A .NET TimeSpan: [d.]hh:mm:ss[.fffffff]
function seconds(span) {
  if (!span) return '';
  const [hours, minutes, rest] = span.split(':').map(Number);
  return `${(hours * 3600 + minutes * 60 + rest).toFixed(1)} s`;
}

function tone(resource) {
  if (resource.isHealthy) return 'good';
  return ['FailedToStart', 'Exited'].includes(resource.state) ? 'bad' : 'wait';
}

async function command(name, verb) {
  // The header cannot be set by another site's page without asking first, so it cannot press these buttons.
  const answer = await fetch(`/api/resources/${encodeURIComponent(name)}/${verb}`, { method: 'POST', headers: { 'X-Dashboard': '1' } });
  if (!answer.ok) {
    byId('connection').textContent = `${verb} ${name}: ${(await answer.json()).detail ?? answer.status}`;
  }
}

function actions(resource) {
  if (resource.state === 'External' || resource.parent) return [];
  const running = !['Exited', 'FailedToStart', 'NotStarted'].includes(resource.state);
  return (running ? ['restart', 'stop'] : ['start']).map(verb => {
    const button = element('button', verb, { type: 'button', 'aria-label': `${verb} ${resource.name}` });
    button.addEventListener('click', () => command(resource.name, verb));
    return [button, ' '];
  }).flat();
}

function link(endpoint) {
  const address = endpoint.url.startsWith('http') ? element('a', endpoint.url, { href: endpoint.url, rel: 'noreferrer' }) : endpoint.url;
  return element('div', [address, endpoint.isExternal ? '' : ` (${endpoint.name})`]);
}

function showResources() {
  byId('resources').replaceChildren(...state.resources.map(resource => {
    const name = element('button', resource.name, { type: 'button', class: 'plain' });
    name.addEventListener('click', () => { state.selected = resource.name; showResources(); });
    return element('tr', [
      element('td', name), element('td', resource.type), element('td', resource.state),
      element('td', resource.isHealthy ? 'healthy' : resource.problem ?? '', { class: tone(resource) }),
      element('td', resource.endpoints.map(link)), element('td', seconds(resource.timeToReady), { class: 'number' }),
      element('td', String(resource.restarts), { class: 'number' }), element('td', actions(resource)),
    ], { 'data-resource': resource.name });
  }));
  showDetail();
  const select = byId('log-resource');
  const running = state.resources.filter(resource => resource.state !== 'External' && !resource.parent);
  if (select.options.length !== running.length) {
    select.replaceChildren(...running.map(resource => element('option', resource.name)));
    if (location.hash === '#logs') followLogs(select.value);
  }
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.filter(([, value]) => value).flatMap(([term, value]) => [element('dt', term), element('dd', value)]));
}

function showDetail() {
  const resource = state.resources.find(candidate => candidate.name === state.selected);
  byId('detail').hidden = !resource;
  if (!resource) return;
  byId('title-detail').textContent = resource.name;
  byId('detail-problem').textContent = resource.problem ?? '';
  facts(byId('detail-facts'), [
    ['Process', resource.processId === null ? '' : String(resource.processId)],
    ['Started', resource.startedAt ? new Date(resource.startedAt).toLocaleString() : ''],
    ['Waits for', resource.waitsFor.join(', ')],
  ]);
  byId('detail-environment').replaceChildren(...Object.entries(resource.environment).sort()
    .map(([name, value]) => element('tr', [element('td', name), element('td', value)])));
}

function followLogs(name) {
  state.logs?.close();
  const log = byId('log');
  log.replaceChildren();
  if (!name) return;
  state.logs = new EventSource(`/api/resources/${encodeURIComponent(name)}/logs`);
  state.logs.onopen = () => log.replaceChildren();
  state.logs.onmessage = event => {
    const line = JSON.parse(event.data);
    const item = element('li', [element('time', line.time.slice(11, 23)), line.text], line.isError ? { class: 'bad' } : {});
    item.hidden = !line.text.toLowerCase().includes(byId('log-filter').value.toLowerCase());
    log.append(item);
    if (log.childElementCount > logLines) log.firstElementChild.remove();
    if (byId('log-follow').checked) log.scrollTop = log.scrollHeight;
  };
}

function showMails() {
  byId('no-mails').hidden = state.mails.length > 0;
  byId('mails').replaceChildren(...state.mails.map(mail => {
    const button = element('button', [mail.subject || '(no subject)', element('small', `${mail.to.join(', ')} · ${new Date(mail.time).toLocaleTimeString()}`)], { type: 'button' });
    if (mail.id === state.mail) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', () => openMail(mail.id));
    return element('li', button);
  }));
}

async function openMail(id) {
  state.mail = id;
  showMails();
  const mail = await (await fetch(`/api/mails/${encodeURIComponent(id)}`)).json();
  byId('mail').hidden = false;
  byId('mail-subject').textContent = mail.subject || '(no subject)';
  facts(byId('mail-facts'), [['From', mail.from], ['To', mail.to.join(', ')], ['At', new Date(mail.time).toLocaleString()]]);
  const show = part => {
    byId('mail-html').hidden = part !== 'html';
    byId('mail-text').hidden = part === 'html';
    byId('mail-html').src = part === 'html' ? `/api/mails/${encodeURIComponent(id)}/html` : 'about:blank';
    byId('mail-text').textContent = part === 'html' ? '' : mail[part];
  };
  byId('mail').querySelectorAll('[data-part]').forEach(button => { button.onclick = () => show(button.dataset.part); });
  show(mail.html ? 'html' : 'text');
}

function showView() {
  const view = ['resources', 'logs', 'mails'].find(name => `#${name}` === location.hash) ?? 'resources';
  document.querySelectorAll('main > section').forEach(section => { section.hidden = section.id !== `view-${view}`; });
  document.querySelectorAll('nav a').forEach(anchor => {
    if (anchor.hash === `#${view}`) anchor.setAttribute('aria-current', 'page'); else anchor.removeAttribute('aria-current');
  });
  if (view === 'logs') followLogs(byId('log-resource').value); else { state.logs?.close(); state.logs = null; }
}

const changes = new EventSource('/api/changes');
changes.onopen = () => { byId('connection').textContent = 'live'; };
changes.onerror = () => { byId('connection').textContent = 'not connected; trying again'; };
changes.addEventListener('resources', event => { state.resources = JSON.parse(event.data); showResources(); });
changes.addEventListener('mails', event => { state.mails = JSON.parse(event.data); showMails(); });
byId('log-resource').addEventListener('change', event => followLogs(event.target.value));
byId('log-filter').addEventListener('input', event => {
  const sought = event.target.value.toLowerCase();
  for (const item of byId('log').children) item.hidden = !item.textContent.toLowerCase().includes(sought);
});
addEventListener('hashchange', showView);
showView();
