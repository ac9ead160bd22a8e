# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g4_2.gp (after set terminal ...)
data = 'src/skips_g4_2.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [11:41]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:43.5]
set ytics 0,30 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 19.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 18.96,0 to 18.96,34.5 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:40.6]
set ytics 0,28 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 21.2' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 21.17,0 to 21.17,32.199999999999996 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:33.35]
set ytics 0,23 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 21.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 21.75,0 to 21.75,26.45 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:76.85]
set ytics 0,53 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 29.5' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 29.475,0 to 29.475,60.949999999999996 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:68.14999999999999]
set ytics 0,47 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 33.5' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 33.485,0 to 33.485,54.05 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:63.8]
set ytics 0,44 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 35.3' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 35.305,0 to 35.305,50.599999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
