/// The pages' templates. No script runs on any of them.
enum ConsoleTemplates {
    static let all: [String: String] = [
        "orders": page(orders), "order": page(order), "unmapped": page(unmapped),
        "trouble": page(trouble), "error": page(error), "issues": page(issues),
        "issue": page(issue),
    ]

    private static func page(_ content: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{title}} · Longshore</title><link rel="stylesheet" href="/console.css"></head>
        <body><header><a class="brand" href="/">Longshore</a><nav>
        <a href="/">Orders</a><a href="/unmapped">Unmapped SKUs</a><a href="/issues">Issues</a><a href="/trouble">Parked and failed</a>
        </nav></header><main>
        """ + content + "</main></body></html>"
    }

    private static let orders = """
        <h1>Orders</h1>
        <nav class="stages">{{#stages}}<a class="{{mark}}" href="{{link}}"><b>{{count}}</b> {{name}}</a>{{/stages}}</nav>
        <form class="search" action="/" method="get"><label for="number">Number begins with</label>
        <input id="number" name="number" value="{{number}}" autocomplete="off"><button>Search</button></form>
        {{^rows}}<p class="none">No orders here.</p>{{/rows}}
        <ul class="rows">{{#rows}}<li><a href="/orders/{{id}}"><span class="number">{{reference}}</span>
        <span class="badge {{stage}}">{{stage}}</span><span class="status">{{status}}</span>
        <span class="when">placed {{placed}}</span><span class="waits">{{waits}}</span></a></li>{{/rows}}</ul>
        {{#next}}<p><a class="more" href="{{next}}">Older orders</a></p>{{/next}}
        """

    private static let order = """
        <h1>Order {{reference}} <span class="badge {{stage}}">{{stage}}</span></h1>
        <dl class="facts"><dt>Status</dt><dd>{{status}} since {{since}}</dd>
        <dt>Waits for</dt><dd>{{waits}}</dd><dt>Waiting since</dt><dd>{{waitsSince}}</dd>
        <dt>Comes next</dt><dd>{{next}}</dd><dt>By</dt><dd>{{nextBy}}</dd>
        <dt>Channel</dt><dd>{{channel}}, customer order {{customer}}</dd><dt>Placed</dt><dd>{{placed}}</dd>
        <dt>Goes to</dt><dd>{{destination}}</dd></dl>
        {{#troubles}}<p class="trouble"><b>{{kind}}</b> {{detail}} <span class="when">{{at}}</span> {{money}}</p>{{/troubles}}
        {{#resolution}}<form class="resolve" method="post" action="{{resolution}}"><label>Dealt with, how? <input name="note" required autocomplete="off"></label>
        <button>Close the trouble</button></form>{{/resolution}}
        {{#wishes}}<section class="wish"><h2>The buyer wishes to cancel</h2><p>{{lines}} · asked {{at}}</p>
        <form method="post" action="/orders/{{order}}/cancellations/{{id}}"><button name="answer" value="accept">Cancel these units</button>
        <button name="answer" value="decline">Decline, ship them</button></form></section>{{/wishes}}
        <h2>Where each unit is</h2>
        {{#lines}}<section class="line"><h3>{{title}}</h3><p>line {{number}} · {{sku}} · {{channelSKU}} · {{ordered}} ordered · {{total}}</p>
        <ul class="units">{{#units}}<li><b>{{quantity}}</b> {{bucket}} <span class="when">{{place}}</span></li>{{/units}}</ul></section>{{/lines}}
        <h2>Work and parcels</h2>{{^work}}<p class="none">Nothing has been given to a facility yet.</p>{{/work}}
        {{#work}}<section class="line"><h3>{{state}}</h3><p>{{facility}} · since {{since}}</p>
        <ul class="units">{{#parcels}}<li>{{state}} · {{carrier}} {{tracking}}</li>{{/parcels}}</ul></section>{{/work}}
        <h2>Owed to the channel</h2>{{^obligations}}<p class="none">Nothing.</p>{{/obligations}}
        <ul class="units">{{#obligations}}<li><b>{{kind}}</b> {{state}} <span class="when">since {{since}}</span> {{fault}}</li>{{/obligations}}</ul>
        <h2>Deadlines</h2>{{^deadlines}}<p class="none">The channel set none.</p>{{/deadlines}}
        <ul class="units">{{#deadlines}}<li><b>{{kind}}</b> {{at}} <span class="badge {{state}}">{{state}}</span></li>{{/deadlines}}</ul>
        <h2>What happened</h2><ol class="timeline">{{#timeline}}<li><span class="when">{{at}}</span> <b>{{type}}</b>
        <span class="why">by {{actor}} {{cause}}</span><details><summary>facts</summary><pre>{{data}}</pre></details></li>{{/timeline}}</ol>
        <h2>As it arrived</h2><p><a href="/orders/{{id}}?raw=1#raw">Show the raw payload</a> — it holds personal data; the reading is written down.</p>
        <div id="raw">{{#raw}}<details open><summary>{{kind}} · {{at}} · {{state}}</summary><pre>{{body}}</pre></details>{{/raw}}</div>
        """

    private static let unmapped = """
        <h1>Unmapped SKUs</h1><p>A channel's SKU that stands for none of ours. Mapping it releases every order that waits for it.</p>
        {{#message}}<p class="message">{{message}}</p>{{/message}}
        {{^rows}}<p class="none">Everything is mapped.</p>{{/rows}}
        <ul class="rows plain">{{#rows}}<li><div><span class="number">{{channelSKU}}</span><span class="status">orders waiting: {{waiting}}</span>
        <span class="when">on {{name}} since {{since}}</span><a href="/orders/{{first}}">first order</a>
        <form method="post" action="/unmapped"><input type="hidden" name="connection" value="{{connection}}">
        <input type="hidden" name="channelSKU" value="{{channelSKU}}"><label>Our SKU <input name="sku" required autocomplete="off"></label>
        <button>Map</button></form></div></li>{{/rows}}</ul>
        {{#next}}<p><a class="more" href="{{next}}">More</a></p>{{/next}}
        """

    private static let trouble = """
        <h1>Parked and failed</h1>
        <h2>Parked events</h2><p>An event its reader could not handle, with what waits behind it in the same key. Everything else goes on.</p>
        {{^parked}}<p class="none">Nothing is parked.</p>{{/parked}}
        <ul class="rows plain">{{#parked}}<li><div><span class="number">#{{number}} {{subscription}}</span><span class="badge {{state}}">{{state}}</span>
        <span class="status">{{fault}}</span><span class="when">{{key}} · since {{since}} · {{attempts}} tries</span>
        {{#isHead}}<form method="post" action="/trouble/parked/{{number}}"><button name="act" value="retry">Try again</button></form>{{/isHead}}</div></li>{{/parked}}</ul>
        <h2>Failed work</h2><p>Jobs that ended without success. Trying again starts from the first attempt.</p>
        {{^failed}}<p class="none">No work has failed.</p>{{/failed}}
        <ul class="rows plain">{{#failed}}<li><div><span class="number">#{{number}} {{kind}}</span><span class="badge failed">discarded</span>
        <span class="status">{{fault}}</span><span class="when">{{finished}} · {{attempts}} tries</span>
        <form method="post" action="/trouble/jobs/{{number}}"><button name="act" value="retry">Try again</button></form></div></li>{{/failed}}</ul>
        <h2>Waiting to be tried again</h2>{{^retrying}}<p class="none">Nothing.</p>{{/retrying}}
        <ul class="rows plain">{{#retrying}}<li><div><span class="number">#{{number}} {{kind}}</span><span class="status">{{fault}}</span>
        <span class="when">next try {{due}} · {{attempts}} tries</span></div></li>{{/retrying}}</ul>
        """

    private static let issues = """
        <h1>Issues</h1><p>One cause of trouble each, with everything that stands still because of it. An issue closes itself once nothing does.</p>
        <nav class="stages"><a class="{{#open}}on{{/open}}" href="/issues">open</a><a class="{{^open}}on{{/open}}" href="/issues?state=closed">closed</a></nav>
        {{^rows}}<p class="none">{{#open}}Nothing stands still.{{/open}}{{^open}}None was closed of late.{{/open}}</p>{{/rows}}
        <ul class="rows">{{#rows}}<li><a href="/issues/{{id}}"><span class="number">{{message}}</span>
        <span class="badge {{severity}}">{{severity}}</span><span class="status">{{open}} stand still · orders: {{orders}} {{money}}</span>
        <span class="when">last seen {{seen}}</span><span class="waits">{{place}} · {{code}} · for the {{owner}}</span></a></li>{{/rows}}</ul>
        {{#next}}<p><a class="more" href="{{next}}">More</a></p>{{/next}}
        """

    private static let issue = """
        {{#issue}}<h1>{{message}} <span class="badge {{severity}}">{{severity}}</span></h1>{{/issue}}
        <p class="wish"><b>Next:</b> {{advice}}</p>
        <dl class="facts"><dt>State</dt><dd>{{state}}, reopened {{reopened}} times</dd>{{#issue}}<dt>Where</dt><dd>{{place}}</dd>
        <dt>Fault</dt><dd>{{code}} ({{kind}})</dd><dt>Stands still</dt><dd>{{open}}, orders: {{orders}} {{money}}</dd>
        <dt>For</dt><dd>{{owner}}, looked after by {{assignee}}</dd>{{/issue}}<dt>Seen</dt><dd>{{count}} failures since {{first}}{{#issue}}, last {{seen}}{{/issue}}</dd>
        <dt>Note</dt><dd>{{note}}</dd></dl>
        {{#isOpen}}<h2>All of it</h2><form class="resolve" method="post"><label>Why <input name="reason" autocomplete="off"></label>
        <button name="action" value="retry">Try one, then all</button><button name="action" value="skip">Skip all</button>
        <button name="action" value="resolve">Dealt with elsewhere</button></form>{{/isOpen}}
        <h2>What stands still</h2>{{^members}}<p class="none">Nothing any more.</p>{{/members}}
        <ul class="rows plain">{{#members}}<li><div><span class="number">{{work}}</span><span class="badge">{{count}} times</span>
        <span class="status">{{fault}}</span><span class="when">last {{seen}}</span>{{#hasOrder}}<a href="/orders/{{order}}">its order</a>{{/hasOrder}}
        <form method="post"><input type="hidden" name="occurrence" value="{{id}}"><button name="action" value="retry">Try again</button></form></div></li>{{/members}}</ul>
        {{#hasMore}}<p class="none">There are more; “longshore issues occurrences” lists all.</p>{{/hasMore}}
        <h2>What was done</h2>{{^runs}}<p class="none">Nothing yet.</p>{{/runs}}
        <ul class="rows plain">{{#runs}}<li><div><span class="number">{{action}}</span><span class="badge {{state}}">{{state}}</span>
        <span class="status">{{applied}} of {{total}} applied, {{refused}} refused, {{well}} came out well, {{again}} failed again</span><span class="when">{{at}} by {{by}}</span>
        <span class="waits">{{reason}} {{note}}</span></div></li>{{/runs}}</ul>
        """

    private static let error = """
        <h1>{{title}}</h1><p>{{detail}}</p><p><a href="/">Back to the orders</a></p>
        """

    static let style = """
        :root{--ink:#17212b;--soft:#5b6875;--line:#d9e0e6;--paper:#f6f8fa;--blue:#0b5cad}
        *{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
        header{background:#0f2a43;padding:.75rem 1rem;display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center}
        header a{color:#fff;text-decoration:none;margin-right:1rem}.brand{font-weight:700}
        main{max-width:68rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;margin:.5rem 0 1rem;overflow-wrap:anywhere}
        h2{font-size:1.15rem;margin:1.75rem 0 .5rem}h3{font-size:1rem;margin:0}
        .stages{display:flex;flex-wrap:wrap;gap:.5rem}.stages a{background:#fff;border:1px solid var(--line);border-radius:.5rem;padding:.35rem .75rem;color:var(--ink);text-decoration:none}
        .stages a.on{border-color:var(--blue);box-shadow:inset 0 0 0 1px var(--blue)}
        .search{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1rem 0}
        input{font:inherit;padding:.35rem .5rem;border:1px solid #9aa7b3;border-radius:.35rem;max-width:100%}
        button{font:inherit;padding:.4rem .9rem;border:1px solid var(--blue);background:#fff;color:var(--blue);border-radius:.35rem;cursor:pointer}
        button:hover,button:focus{background:var(--blue);color:#fff}a:focus,button:focus,input:focus{outline:3px solid #9cc7f0;outline-offset:1px}
        .rows{list-style:none;margin:0;padding:0}.rows li{background:#fff;border:1px solid var(--line);border-top-width:0}
        .rows li:first-child{border-top-width:1px}.rows li>a,.rows li>div{display:grid;grid-template-columns:1fr auto;gap:.15rem .75rem;padding:.6rem .75rem;color:inherit;text-decoration:none}
        .rows li>a:hover{background:#eef4fa}.number{font-weight:600;overflow-wrap:anywhere}.when,.why,.status{color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
        .waits{grid-column:1/-1;font-size:.9rem}.rows form{grid-column:1/-1}
        .badge{justify-self:end;align-self:start;border-radius:1rem;padding:.05rem .6rem;font-size:.85rem;background:#e3e8ed;white-space:nowrap}
        .badge.confirmed,.badge.done,.badge.met{background:#d4f0dd;color:#124a26}.badge.waiting,.badge.medium,.badge.trying,.badge.awaiting,.badge.backingOff,.badge.atRisk{background:#fdf0cd;color:#5f4400}.badge.failed,.badge.critical,.badge.high,.badge.halted,.badge.parked,.badge.breached{background:#fbd9d9;color:#7a1212}.badge.released,.badge.dispatched{background:#d6e8fb;color:#0b3a6b}
        .facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;background:#fff;border:1px solid var(--line);padding:.75rem;margin:0}.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
        .line{background:#fff;border:1px solid var(--line);padding:.6rem .75rem;margin:.5rem 0;overflow-wrap:anywhere}.line p{margin:.15rem 0;color:var(--soft)}.units{margin:.25rem 0;padding-left:1.25rem}
        .trouble{background:#fbd9d9;padding:.6rem .75rem;border-radius:.35rem}.wish{background:#fdf0cd;padding:.6rem .75rem;border-radius:.35rem}.wish h2{margin:0}.resolve{margin:.5rem 0;display:flex;flex-wrap:wrap;gap:.5rem}.message{background:#d4f0dd;padding:.6rem .75rem}
        .timeline{padding-left:1.25rem}.timeline li{margin:.35rem 0;overflow-wrap:anywhere}pre{background:#fff;border:1px solid var(--line);padding:.5rem;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
        .none{color:var(--soft)}@media(max-width:40rem){.rows li>a .when,.rows li>div .when{grid-column:1/-1}.facts{grid-template-columns:1fr}.facts dt{margin-top:.4rem}}
        """
}
