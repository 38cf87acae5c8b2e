"""Given names of many countries that are no words of a sentence; which people bear them, it does not know."""

_GIVEN_NAMES_WORDS = """
aaron abdul abigail adam adele adrian agata agnes agnieszka ahmad ahmed aisha alan albert alejandro
aleksander alessandro alex alexander alexandra alfred ali alice alicia alina alison amanda amelie
amina amir amit amy ana anastasia anders andrea andreas andrei andrew andrés andrzej andy angela
angelika anita anja anke anna anne annika antje anton antonia antonio anya arjun armando arthur asha
astrid axel ayşe barbara bartosz beatriz benjamin bernd bert bianca birgit bjorn björn brian
brigitte bruno budi camila camille carl carla carlos carmen caroline caterina catherine cem charles
charlotte chen chiara chinedu chloe christian christina christoph christopher claire clara claudia
claus colin conor cristina daisuke dagmar dan daniel daniela danielle david deborah deepak denise
dennis derek dewi diana diego dieter dimitri dirk dmitri dominik donald dorothea douglas eduardo
edward eko elena eleanor eli elif elisa elisabeth elizabeth elke ellen emilia emily emma emre
enrique eric erik erika ernst esteban esther eva evelyn fabian fatima felix ferdinand fernanda
fernando filip fiona florian francesca francesco francisco franz frederik friedrich fritz gabriel
gabriela gareth geoffrey georg george gerd gerhard gert giovanni giulia gonzalo gordon gregor guido
guillermo gunther gustav hana hannah hanna hans harald harry hassan heidi heike heiko heinrich helen
helena helga henrik henry herbert hilde hiroshi holger hugo hussein ian ibrahim ida ignacio ikram
ilse ines inga inge ingrid ioana irene irina irma isaac isabel isabella ivan ivana jacek jacob jake
jakob jamal james jan jana jane janet jasmin jason javier jean jeffrey jennifer jens jeremy jerome
jessica jesús joan joanna joao joão joaquín jochen joe joel johan johann johanna john jon jonas
jonathan jorge jose josé josef joseph joshua juan juana judith julia julian juliane julie julien
jürgen justin kai karen karin karina karl karolina kate katarzyna katharina katherine kathleen katja
katrin keiko keith kelly kenji kenneth kerstin kevin khalid kirsten klaus kofi konrad krzysztof
kumar kurt kwame lars laura laurent layla lea leah leila leon leonardo leonie lian liam lillian lina
linda lisa lorenzo louis louise luca lucas lucia lucía lucy ludwig luis luisa lukas lukasz luke
lydia maciej magdalena mahmoud maja malik malgorzata manfred manuel manuela marc marcel marcin marco
marek margaret margarita maria maría mariam marian marianne marie marina mario marion marius marta
martha martin martina mary masha mateo mateusz matilda matthew matthias maurice mauricio mehmet
melanie mercedes michael michaela michal michel michelle miguel mikhail milan miriam mohamed
mohammed monica monika morgan moritz muhammad mustafa nadia nadine naomi natalia natalie natasha
nathan nicholas nicola nicolas nicole niels nikhil niklas nils nina noah nora norbert oksana olaf
oleg olga oliver olivia omar oscar oskar otto owen pablo paola patricia patrick patrycja paul paula
pavel pedro per peter petra philip philipp philippe pierre piotr priya putri rachel rafael rahul raj
rajesh ralf ramón rani raphael raquel rebecca regina reiner renate ricardo richard rina rita robert
roberto rodrigo roger roland roman ronald rosa rosario rosemarie roxana rudi rudolf ruth ryan sabine
sally salma samantha sami samir samuel sandra sanjay sara sarah sascha scott sebastian selim serena
sergei sergio sharon sheila shreya siegfried sigrid silke silvia simon simone siobhan siti sofia
sonia sophia sophie stefan stefanie stella stephan stephanie stephen steven stuart sunita susan
susana susanne sven svetlana sylvia tanja tanya tara tatiana teresa thea theo theresa thomas
thorsten tiago tiffany tim timothy tobias tom tomasz tomás torsten tracy ulrich ulrike umar ursula
ute uwe valentina valeria vanessa vera verena veronika viktor vicente victor victoria vijay vikram
vincent viola vladimir volker walter wanda wayan wei werner wilhelm william wojciech wolfgang xavier
ximena yan yara yasmin yolanda yosef youssef yuki yuri yusuf yvonne zainab zhang zoe zoë zofia
"""
GIVEN_NAMES = frozenset(_GIVEN_NAMES_WORDS.split())
